"""The operators: one module each, holding `OPERATOR`. A new module is found by `ensue.core.conditions.registry`."""
