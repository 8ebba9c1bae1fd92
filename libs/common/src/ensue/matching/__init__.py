"""From rules to a function from events to the ids of those that match, above `wire` as it decodes only what is read.

`engine` holds the whole; `parts` builds an index from `lookups`, `intervals`, `grid`, `bitmaps`; `projection` decodes.
"""
