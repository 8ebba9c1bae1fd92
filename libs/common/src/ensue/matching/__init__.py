"""From a ruleset to a fast matcher, above `wire` because it may decode only what conditions read.

Empty so far: `ensue.core.ruleset.Ruleset.rules_for` asks every rule of an event's type; an index takes its place there.
"""
