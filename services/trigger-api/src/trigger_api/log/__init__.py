"""The log of the tenant's triggers: what fired, what was held back, and how it ended."""
