"""CloudEvents over HTTP (HTTP protocol binding 1.0): structured, binary and batch, told apart by the content type.

Called by trigger-api for `POST /api/v1/events`. Every fault of a request is reported at once. What the chain headers
claim is taken as it is: who may be believed needs the database, and is trigger-api's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import unquote

from ensue.core.event import Event
from ensue.core.json import Json
from ensue.wire import strict_json
from ensue.wire.attributes import Intake, Problem, read_event
from ensue.wire.cloudevents import DEFAULT_MAX_DATA_BYTES
from ensue.wire.content_type import ContentMode, data_content_type, mode_of, require_json
from ensue.wire.envelope import MAX_DEPTH, Envelope, open_envelope, read_members, too_large
from ensue.wire.errors import DecodeError, DecodeReason
from ensue.wire.faults import Faults, step
from ensue.wire.headers import CONTENT_TYPE

MAX_BATCH: Final = 1000
_CE_PREFIX: Final = "ce-"
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)  # in quotes, RFC 9110 section 5.6.4
_CONTENT_TYPE: Final = f"/headers/{CONTENT_TYPE}"

HttpHeaders = Mapping[str, str] | Sequence[tuple[str, str]]


def decode_http(
    headers: HttpHeaders, body: bytes, *, tenant: str, max_data_bytes: int = DEFAULT_MAX_DATA_BYTES
) -> tuple[Event, ...]:
    """The events of a request, in its order; DocumentInvalid with every fault.

    Pointers lead into the body (`/source`, in a batch `/3/source`) or, in binary mode, to a header (`/headers/ce-id`).
    tenant: that of the API key; a request may repeat it but name no other.
    """
    reading = _Reading(Intake(trusted=False, tenant=tenant, one_tenant=True), max_data_bytes)
    events = reading.request(headers.items() if isinstance(headers, Mapping) else headers, body)
    reading.faults.raise_any()
    return tuple(event for event in events if event is not None)


class _Reading:
    """One reading of one request. An event that cannot be read is None, and its faults are noted."""

    def __init__(self, intake: Intake, max_data_bytes: int) -> None:
        self.faults = Faults()
        self._intake = intake
        self._max_data_bytes = max_data_bytes

    def request(self, headers: Iterable[tuple[str, str]], body: bytes) -> Sequence[Event | None]:
        content_types, attributes = self._headers(headers)
        if len(content_types) > 1:
            self.faults.add(_CONTENT_TYPE, "stands there more than once", "one content type")
            return ()
        content_type = content_types[0] if content_types else None
        try:
            mode = mode_of(content_type)
        except DecodeError as error:
            self.faults.add(_CONTENT_TYPE, error.message)
            return ()
        if mode is ContentMode.BATCH:
            return self._batch(body)
        if mode is ContentMode.STRUCTURED:
            return [self._structured(body)]
        return [self._binary(content_type, attributes, body)]

    def _structured(self, body: bytes) -> Event | None:
        problems: list[Problem] = []
        return self._enveloped(open_envelope(body, self._max_data_bytes, problems), "", problems)

    def _batch(self, body: bytes) -> Sequence[Event | None]:
        try:
            members = strict_json.decode(body, MAX_DEPTH + 1)
        except DecodeError as error:
            self.faults.add("", error.message, "a JSON array of events")
            return ()
        if not isinstance(members, list) or not 1 <= len(members) <= MAX_BATCH:
            self.faults.add("", "is not a batch", f"a JSON array of 1 to {MAX_BATCH} events")
            return ()
        return [self._member(member, f"/{index}") for index, member in enumerate(members)]

    def _member(self, member: Json, pointer: str) -> Event | None:
        problems: list[Problem] = []
        return self._enveloped(read_members(member, self._max_data_bytes, problems), pointer, problems)

    def _enveloped(self, envelope: Envelope | None, pointer: str, problems: list[Problem]) -> Event | None:
        event = None
        if envelope is not None:
            event = read_event(envelope.attributes, envelope.data, self._intake, problems)
        for problem in problems:
            place = step(pointer, problem.attribute) if problem.attribute else pointer
            self.faults.add(place, problem.message, problem.expected)
        return event

    def _binary(self, content_type: str | None, attributes: dict[str, str], body: bytes) -> Event | None:
        if not attributes:
            expected = "application/cloudevents+json, application/cloudevents-batch+json, or ce- headers"
            self.faults.add(_CONTENT_TYPE, "does not announce a CloudEvent", expected)
            return None
        try:
            content_type = data_content_type(content_type, attributes)
        except DecodeError as error:
            self.faults.add("/headers/ce-datacontenttype", error.message)
        problems: list[Problem] = []
        event = read_event(attributes, self._data(content_type, body), self._intake, problems)
        for problem in problems:
            self.faults.add(step("/headers", _CE_PREFIX + problem.attribute), problem.message, problem.expected)
        return event

    def _data(self, content_type: str | None, body: bytes) -> Json:
        if len(body) > self._max_data_bytes:
            problem = too_large(len(body), self._max_data_bytes)
            self.faults.add("", problem.message, problem.expected)
        elif body:
            try:
                require_json(content_type)
                return strict_json.decode(body)
            except DecodeError as error:
                of_type = error.reason is DecodeReason.UNSUPPORTED_CONTENT_TYPE
                self.faults.add(_CONTENT_TYPE if of_type else "", error.message)
        return None

    def _headers(self, headers: Iterable[tuple[str, str]]) -> tuple[list[str], dict[str, str]]:
        content_types: list[str] = []
        attributes: dict[str, str] = {}
        for name, value in headers:
            lower = name.lower()
            if lower == CONTENT_TYPE:
                content_types.append(value)
            elif lower.startswith(_CE_PREFIX):
                attribute = lower[len(_CE_PREFIX) :]
                if attribute in attributes:
                    self.faults.add(step("/headers", lower), "stands there more than once", "one value")
                attributes[attribute] = self._unescaped(lower, value)
        return content_types, attributes

    def _unescaped(self, name: str, value: str) -> str:
        """The text that a header's value stands for: percent-encoded UTF-8, perhaps in quotes (binding, 3.1.3.2)."""
        quoted = len(value) > 1 and value.startswith('"') and value.endswith('"')
        try:
            text = _ESCAPED.sub(r"\1", value[1:-1]) if quoted else value
            return unquote(text.encode("ascii").decode(), errors="strict")
        except UnicodeError:
            self.faults.add(step("/headers", name), "is not readable as text", "UTF-8, percent-encoded")
            return "?"
