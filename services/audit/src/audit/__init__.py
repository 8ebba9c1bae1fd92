"""Appends every event, firing, outcome, receipt and dead letter once."""
