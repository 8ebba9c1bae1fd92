"""Calendars: put, read, list and delete them; and which of them triggers name."""
