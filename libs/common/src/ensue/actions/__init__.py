"""Actions: one file a kind under `kinds/`, each with its parameters, plan, English and performance.

The dispatcher plans and performs them; the parser of trigger documents asks the registry what parameters a kind takes.
"""
