"""Templates: a lone placeholder keeps the type, others become text, and what is missing is named."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.world import NOON, a_trigger, an_event

from ensue.core.decide import decide
from ensue.core.json import Json
from ensue.core.ruleset import Ruleset
from ensue.core.template import MAX_OUTPUT_BYTES, TemplateError, check, render, scope_of
from ensue.core.template import SCOPE as NAMES

DATA: Json = {
    "variant_id": 42,
    "score": 0.5,
    "ready": True,
    "note": None,
    "name": "Köln",
    "tags": ["rush", "night"],
    "model": {"v": 2},
    "big": 2**70,
}
(FIRING,) = decide(Ruleset.empty().apply([a_trigger()]), an_event(data=DATA), NOON).firings
SCOPE = scope_of(FIRING, "Generate scenes")


@pytest.mark.parametrize("name", ["variant_id", "score", "ready", "note", "name", "tags", "model", "big"])
def test_a_lone_placeholder_keeps_the_type(name: str) -> None:
    assert isinstance(DATA, dict)
    for template in (f"{{{{ event.data.{name} }}}}", f"{{{{event.data.{name}}}}}"):
        assert render(template, SCOPE) == DATA[name]
        assert type(render(template, SCOPE)) is type(DATA[name])


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("variant {{ event.data.variant_id }} of {{ event.data.name }}", "variant 42 of Köln"),
        ("{{ event.data.ready }}/{{ event.data.note }}/{{ event.data.score }}", "true/null/0.5"),
        ("tags {{ event.data.tags }}", 'tags ["rush","night"]'),
        ("model {{ event.data.model }}", 'model {"v":2}'),
        ("first {{ event.data.tags.0 }}", "first rush"),
        ("{{ event.data.big }}!", "1180591620717411303424!"),
        ("{{ trigger.name }} r{{ trigger.revision }} {{ event.subject }}", "Generate scenes r1 variant-42"),
        ("{{ event.data.name }} ", "Köln "),
        ("no placeholder", "no placeholder"),
    ],
)
def test_within_a_text_values_become_text(template: str, text: str) -> None:
    assert render(template, SCOPE) == text


def test_templates_are_filled_in_wherever_they_stand() -> None:
    template: Json = {"a": [1, "{{ event.data.variant_id }}"], "b": {"c": "id {{ firing.id }}"}, "d": None, "e": True}
    assert render(template, SCOPE) == {
        "a": [1, 42],
        "b": {"c": f"id {FIRING.firing_id}"},
        "d": None,
        "e": True,
    }


def test_the_scope_names_event_trigger_and_firing() -> None:
    event = FIRING.event
    assert SCOPE["event"] == {
        "id": "1",
        "type": "variant.approved",
        "source": "/studio",
        "subject": "variant-42",
        "time": "2026-03-02T11:59:59Z",
        "data": DATA,
        "entity_type": "variant",
        "event_uid": str(event.event_uid),
        "correlation_id": str(event.event_uid),
        "depth": 0,
    }
    assert SCOPE["trigger"] == {"id": str(FIRING.trigger_id), "name": "Generate scenes", "revision": 1}
    assert SCOPE["firing"] == {"id": str(FIRING.firing_id)}


@pytest.mark.parametrize(
    "path", ["event.data.gone", "event.data.tags.2", "event.data.name.x", "event.data.tags.-1", "nothing", "event."]
)
def test_what_is_missing_is_named_with_its_place(path: str) -> None:
    with pytest.raises(TemplateError) as error:
        render({"body": ["ok", f"id {{{{ {path} }}}}"]}, SCOPE)
    assert (error.value.path, error.value.pointer) == (path, "/body/1")


def test_values_are_not_templates() -> None:
    scope: dict[str, Json] = {"event": {"data": {"sly": "{{ event.data.secret }}", "secret": "s"}}}
    assert render("{{ event.data.sly }}!", scope) == "{{ event.data.secret }}!"


@pytest.mark.parametrize("template", ["{{ event.data.text }}", "a {{ event.data.text }}"])
def test_a_small_template_cannot_multiply_a_large_event(template: str) -> None:
    scope: dict[str, Json] = {"event": {"data": {"text": "x" * 200_000}}}
    assert render(template, scope)
    with pytest.raises(TemplateError, match=f"larger than {MAX_OUTPUT_BYTES} bytes"):
        render([template] * 1000, scope)


@pytest.mark.parametrize(
    ("template", "pointers"),
    [
        ("{{ event.data.x }} and {{ trigger.name }}", []),
        ({"a": "{{ evnt.data }}", "b/c": ["{{ event.data", "{{ }}", "{{ event.data x }}", "{{ event..x }}"]},
         ["/a", "/b~1c/0", "/b~1c/1", "/b~1c/2", "/b~1c/3"]),
        ({"a": 1, "b": None, "c": "} }"}, []),
    ],
)  # fmt: skip
def test_malformed_placeholders_are_found_without_an_event(template: Json, pointers: list[str]) -> None:
    assert [error.pointer for error in check(template)] == pointers


PLAIN_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text().filter(lambda text: "{{" not in text),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(PLAIN_JSON)
def test_without_placeholders_a_template_is_its_own_result(template: Json) -> None:
    assert render(template, SCOPE) == template


@given(st.text(alphabet="{}. aevntdx", max_size=30))
def test_any_text_is_rendered_or_refused(template: str) -> None:
    with suppress(TemplateError):
        render(template, SCOPE)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("evnt.id", "a path begins with event, trigger, firing"),
        ("event.dat.a", "event has id, type, source"),
        ("trigger.nam", "trigger has id, name, revision"),
        ("firing.x", "firing has id"),
        ("event.subject.x", "nothing is inside event.subject"),
        ("event..data", "a path begins with"),
    ],
)
def test_a_placeholder_that_no_firing_could_fill_in_is_told_before_one_tries(path: str, why: str) -> None:
    [error] = check({"url": f"https://x/{{{{ {path} }}}}"})
    assert (error.pointer, error.path, why in str(error)) == ("/url", path, True)


def test_what_placeholders_may_name_is_what_a_firing_gives() -> None:
    given = {root: members for root, members in SCOPE.items() if isinstance(members, dict)}
    assert {root: set(names) for root, names in NAMES.items()} == {
        root: set(members) for root, members in given.items()
    }
