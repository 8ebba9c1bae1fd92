"""The kinds of leaves, one module each, named as in documents; `ensue.core.conditions.leaves` collects them."""
