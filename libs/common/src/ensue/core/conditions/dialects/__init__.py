"""Dialects: conditions in the languages of others (EventBridge, CEL, react-querybuilder), read and written."""
