"""The one tree of expected failures. Anything that is not an EnsueError is a defect and ends the process.

EnsueError
├── InvalidValue            a value of the core cannot be constructed from this
├── DocumentInvalid         a document written by a person is wrong (wire.documents): every error with its place
├── DecodeError             bytes from a topic cannot be understood (wire): becomes a dead letter
├── TemplateError           a template names something that is not there (core.template)
└── Unavailable             an outside server does not answer (kafka, postgres): retried, or 503 / exit 3
"""

from __future__ import annotations


class EnsueError(Exception):
    """Root of everything that Ensue expects to go wrong."""


class InvalidValue(EnsueError):
    """A value of the core cannot be constructed; the message names the value and what would be right."""


class Unavailable(EnsueError):
    """An outside server (Kafka, PostgreSQL, a service) does not answer within its deadline."""
