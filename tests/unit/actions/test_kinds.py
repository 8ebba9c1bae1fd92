"""The registry, and the kinds that call nobody: emit_event and log."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError
from tests.unit.actions.studio import ACTION, CALL, EVENT, FIRED, SCOPE, TRIGGER, Lines, ports

from ensue.actions.kind import Succeeded
from ensue.actions.kinds.emit_event import KIND as EMIT
from ensue.actions.kinds.emit_event import EmitEventParams
from ensue.actions.kinds.log import KIND as LOG
from ensue.actions.kinds.log import LogParams
from ensue.actions.registry import KINDS, PARAMS
from ensue.actions.texts import clipped
from ensue.core.errors import InvalidValue
from ensue.core.ids import event_uid
from ensue.core.template import scope_of


def test_every_file_of_kinds_is_a_kind() -> None:
    assert set(KINDS) == {"emit_event", "log", "webhook"}
    assert {name: kind.params for name, kind in KINDS.items()} == PARAMS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_kind_takes_fields_that_it_does_not_know(kind: str) -> None:
    with pytest.raises(ValidationError, match="extra"):
        PARAMS[kind].model_validate({"surprise": 1})


def test_a_subject_taken_from_an_event_without_one_is_no_subject() -> None:
    nameless = scope_of(replace(FIRED, event=replace(EVENT, subject=None)), "Generate scenes")
    assert EMIT.plan(EmitEventParams(type="a.b", subject="{{ event.subject }}"), nameless)["subject"] is None
    assert EMIT.plan(EmitEventParams(type="a.b", subject="{{ event.subject }}"), SCOPE)["subject"] == "variant-7"


@pytest.mark.requirement("R5.6")
async def test_an_emitted_event_is_one_deeper_in_the_same_chain() -> None:
    params = EmitEventParams(
        type="scenes.requested", subject="{{ event.subject }}", data={"variant": "{{ event.data.variant_id }}"}
    )
    result = await EMIT.perform(EMIT.plan(params, SCOPE), CALL, ports())
    assert isinstance(result, Succeeded)
    event = result.emits
    assert event is not None
    source = f"ensue://studio/triggers/{TRIGGER}"
    assert (event.id, event.source, event.type) == (str(ACTION), source, "scenes.requested")
    assert event.event_uid == event_uid("studio", source, str(ACTION))
    assert (event.subject, event.entity_type, event.data) == ("variant-7", "scenes", {"variant": 7})
    assert event.lineage.correlation_id == EVENT.lineage.correlation_id
    assert (event.lineage.causation_id, event.lineage.depth) == (ACTION, EVENT.lineage.depth + 1)


@pytest.mark.parametrize("event_type", ["", "a b", "{{ event.type }}", "x" * 201, ".a", "a\n", "ä"])
def test_the_type_is_fixed_and_plain(event_type: str) -> None:
    with pytest.raises(ValidationError):
        EmitEventParams(type=event_type)


def test_a_subject_must_become_a_text_that_fits() -> None:
    with pytest.raises(InvalidValue, match="subject"):
        EMIT.plan(EmitEventParams(type="a.b", subject="{{ event.data }}" * 60), SCOPE)
    assert EMIT.plan(EmitEventParams(type="a.b", subject="{{ event.data.variant_id }}"), SCOPE)["subject"] == "7"
    assert EMIT.plan(EmitEventParams(type="a.b"), SCOPE) == {"type": "a.b", "subject": None, "data": None}


async def test_log_writes_what_its_message_asks_for_and_nothing_else() -> None:
    journal = Lines()
    for params in (LogParams(), LogParams(message="variant {{ event.data.variant_id }}")):
        assert await LOG.perform(LOG.plan(params, SCOPE), CALL, ports(journal=journal)) == Succeeded()
    assert journal.lines == ["studio: trigger Generate scenes fired", "studio: variant 7"]


def test_english() -> None:
    assert EMIT.english(EmitEventParams(type="a.b")) == "emits a.b"
    assert LOG.english(LogParams(message="hello")) == 'logs "hello"'


def test_clipped_text_fits_a_database() -> None:
    assert clipped("a\x00b") == "a\ufffdb"
    assert clipped("ä" * 600) == "ä" * 512
    assert clipped("\ud800") == "?"
