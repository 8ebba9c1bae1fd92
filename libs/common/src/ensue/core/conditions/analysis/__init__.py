"""Analysis: what can be said of conditions without an event: never true, always true, shadowed, disjoint, unindexed."""
