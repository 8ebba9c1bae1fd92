"""Questions to a running system that change nothing."""
