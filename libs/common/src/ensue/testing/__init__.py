"""Doubles of the ports, shipped beside the real ones. Used by tests only; no service imports this package."""
