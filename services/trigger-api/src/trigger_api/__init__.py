"""trigger-api: manages triggers and keys, takes events in over HTTP, serves the log and the chains.

Every domain folder has the same files: `routes` (HTTP), `commands` (what writes) and `queries` (what reads) with their
`.sql`, `rules` (pure decisions), `models` (what is answered). `app` puts them together; `__main__` runs them.
"""
