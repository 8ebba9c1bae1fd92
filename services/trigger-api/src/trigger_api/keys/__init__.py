"""API keys: made and revoked from the command line, looked up by every request."""
