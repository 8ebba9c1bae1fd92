"""The pure core: values, ids, conditions and decisions. No I/O, clock, randomness, environment or logging.

Called by every layer above; calls nothing but the standard library (and RE2 for regular expressions).
"""
