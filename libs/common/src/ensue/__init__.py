"""Ensue: when X happens, Y ensues. The pure core and the adapters that every service shares."""
