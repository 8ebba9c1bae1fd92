"""Bytes <-> values. Records between services (msgspec), CloudEvents, and documents written by people (pydantic)."""
