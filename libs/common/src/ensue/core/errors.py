"""The one tree of expected failures. Anything that is not an EnsueError is a defect and ends the process.

EnsueError
├── InvalidValue            a value of the core cannot be constructed from this
│   ├── EventTooLarge       an event's data is larger than a topic takes (wire)
│   ├── UnknownName         a condition names a calendar or a zone that there is not (core.conditions.unknown)
│   └── DatabaseUnfit       the address of the database is wrong, or what is behind it is not prepared (postgres)
├── NoVerdict               a condition says neither yes nor no of an event: harms its own trigger only
├── DocumentInvalid         a document or request from a person is wrong: every fault with its place (wire.faults)
├── FileInvalid             a file is neither YAML nor JSON (wire.source_document)
├── DecodeError             bytes from a topic cannot be understood: becomes a dead letter (wire.errors)
├── TemplateError           a template names something that is not there, or grows too large (core.template)
└── Unavailable             an outside server does not answer (kafka, postgres): retried, or 503 / exit 3

Each layer and service adds its own below these, in the module that raises them.
"""

from __future__ import annotations


class EnsueError(Exception):
    """Root of everything that Ensue expects to go wrong."""


class InvalidValue(EnsueError):
    """A value of the core cannot be constructed; the message names the value and what would be right."""


class NoVerdict(EnsueError):
    """A condition says neither yes nor no of an event; the message says why. Its trigger errs, the others go on."""


class Unavailable(EnsueError):
    """An outside server (Kafka, PostgreSQL, a service) does not answer within its deadline."""
