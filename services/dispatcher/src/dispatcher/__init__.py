"""Takes firings in, claims, runs actions, retries, dead-letters and reports outcomes."""
