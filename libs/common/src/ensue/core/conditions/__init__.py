"""Conditions: a boolean tree over an event, whose leaves are tests (`field op value`). Total: never an exception."""
