"""Matches every event against every trigger; produces firings, blocked outcomes and receipts."""
