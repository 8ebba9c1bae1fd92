"""Triggers: create, read, list, replace, change, delete, enable and disable them."""
