"""Manages triggers and keys, takes events in over HTTP, serves the log and the chains."""
