"""Chains: the tree of all that followed from one root event."""
