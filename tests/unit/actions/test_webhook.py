"""The webhook kind: its plan, its call, and what an answer means."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook as PublicLibrary
from standardwebhooks.webhooks import WebhookVerificationError
from tests.support.receiver import SECRET
from tests.unit.actions.studio import ACTION, CALL, NOW, ROOT, SCOPE, ScriptedHttp, ports

from ensue.actions.addresses import ForbiddenAddress
from ensue.actions.egress import CallFailed
from ensue.actions.kind import Answer, Failed, Fault, Refused, Result, Succeeded
from ensue.actions.kinds.webhook import KIND, WebhookParams, judged, retry_after
from ensue.core.errors import InvalidValue
from ensue.core.json import JsonObject
from ensue.core.outcome import Reason
from ensue.core.template import TemplateError

URL = "https://hooks.example.com/approved"


def planned(**given: object) -> JsonObject:
    return KIND.plan(WebhookParams.model_validate({"url": URL, **given}), SCOPE)


async def called(http: ScriptedHttp, **given: object) -> Result:
    return await KIND.perform(planned(**given), CALL, ports(http))


def test_the_default_body_is_event_firing_and_trigger() -> None:
    body = orjson.loads(str(planned()["body"]).replace(str(2**80), "0"))
    assert list(body) == ["event", "trigger", "firing"]
    assert body["event"]["data"]["variant_id"] == 7
    assert body["trigger"] == {"id": str(CALL.trigger_id), "name": "Generate scenes", "revision": 3}


def test_whole_numbers_of_any_size_are_kept() -> None:
    assert planned(body={"n": "{{ event.data.huge }}"})["body"] == f'{{"n":{2**80}}}'


@pytest.mark.requirement("R5.13")
def test_a_body_template_is_filled_with_types_kept() -> None:
    body = {"variant": "{{ event.data.variant_id }}", "by": "{{ trigger.name }} #{{ event.data.variant_id }}"}
    assert orjson.loads(str(planned(body=body)["body"])) == {"variant": 7, "by": "Generate scenes #7"}


def test_a_body_may_be_null_when_it_says_so() -> None:
    assert planned(body=None)["body"] == "null"


def test_a_missing_value_is_named() -> None:
    with pytest.raises(TemplateError, match=r"event\.data\.nothing"):
        planned(body={"a": {"b": "{{ event.data.nothing }}"}})


def test_values_in_a_header_must_be_visible_ascii() -> None:
    assert planned(headers={"X-Variant": "{{ event.data.variant_id }}"})["headers"] == {"X-Variant": "7"}
    with pytest.raises(InvalidValue, match="X-Name"):
        planned(headers={"X-Name": "{{ event.data.name }}"})


@pytest.mark.parametrize(
    "name", ["Host", "content-length", "Authorization", "webhook-id", "ce-id", "Cookie", "X-Forwarded-For", "a b", ""]
)
def test_headers_that_are_not_the_triggers_to_set_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        WebhookParams.model_validate({"url": URL, "headers": {name: "1"}})


@pytest.mark.requirement("R5.5")
async def test_a_call_is_signed_and_carries_its_chain() -> None:
    http = ScriptedHttp()
    assert await called(http, body={"a": 1}) == Succeeded(detail="200")
    [(tenant, post, timeout)] = http.posts
    headers = dict(post.headers)
    assert (tenant, timeout, post.url, post.body) == ("studio", CALL.timeout, URL, b'{"a":1}')
    assert headers["webhook-id"] == headers["ce-causationid"] == str(ACTION)
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["ce-correlationid"] == str(ROOT)
    assert (headers["ce-chaindepth"], headers["ce-tenant"]) == ("3", "studio")
    assert "ce-id" not in headers
    signed = PublicLibrary(SECRET).sign(str(ACTION), NOW, '{"a":1}')
    assert headers["webhook-signature"] == signed
    assert SECRET not in str(post)


async def test_an_old_signature_does_not_verify_today() -> None:
    http = ScriptedHttp()
    await called(http)
    [(_, post, _)] = http.posts
    with pytest.raises(WebhookVerificationError, match="too old"):
        PublicLibrary(SECRET).verify(post.body, dict(post.headers))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_done(status: int) -> None:
    assert isinstance(judged(Answer(status, {}, b""), NOW), Succeeded)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(status: int) -> None:
    result = judged(Answer(status, {"retry-after": "7"}, b"later"), NOW)
    assert result == Failed(Fault.STATUS, f"answered {status}: later", timedelta(seconds=7))


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 400, 401, 403, 404, 405, 410, 413, 422])
def test_what_repeating_cannot_mend_is_refused(status: int) -> None:
    assert judged(Answer(status, {"location": "/x"}, b""), NOW) == Refused(Reason.REFUSED, f"answered {status}")


def test_at_most_a_kilobyte_of_an_answer_is_kept() -> None:
    result = judged(Answer(500, {}, b"\x00\xff" + b"x" * 5000), NOW)
    assert isinstance(result, Failed)
    assert len(result.detail.encode()) <= 1024
    assert "\x00" not in result.detail


@pytest.mark.parametrize(
    ("headers", "body", "reference"),
    [
        ({}, b"", None),
        ({"content-location": "/jobs/7"}, b'{"id": 8}', "/jobs/7"),
        ({}, b'{"id": "job-7"}', "job-7"),
        ({}, b'{"id": 7}', "7"),
        ({}, b'{"id": true}', None),
        ({}, b'{"id": {"a": 1}}', None),
        ({}, b"[1]", None),
        ({}, b'{"id"', None),
        ({}, b'{"id": "' + b"x" * 900 + b'"}', "x" * 200),
    ],
)
def test_the_other_sides_id_is_kept(headers: dict[str, str], body: bytes, reference: str | None) -> None:
    result = judged(Answer(200, headers, body), NOW)
    assert isinstance(result, Succeeded)
    assert result.reference == reference


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", None),
        ("0", 0),
        ("120", 120),
        (" 5 ", 5),
        ("99999999999999999999", 3600),
        ("-1", None),
        ("1.5", None),
        ("Mon, 02 Mar 2026 09:00:10 GMT", 9.75),
        ("Mon, 02 Mar 2026 08:00:00 GMT", 0),
        ("Tue, 01 Jan 2030 00:00:00 GMT", 3600),
        ("soon", None),
        ("٣", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after(value, NOW) == (None if seconds is None else timedelta(seconds=seconds))


async def test_a_forbidden_address_is_refused_for_good() -> None:
    result = await called(ScriptedHttp(ForbiddenAddress("127.0.0.1 is not a public address")))
    assert result == Refused(Reason.FORBIDDEN_ADDRESS, "127.0.0.1 is not a public address")


async def test_no_answer_is_tried_again() -> None:
    result = await called(ScriptedHttp(CallFailed(Fault.TIMEOUT, "no answer within 15 s")))
    assert result == Failed(Fault.TIMEOUT, "no answer within 15 s")


def test_calls_to_one_host_share_a_lane() -> None:
    assert KIND.target(planned()) == KIND.target({"url": "https://HOOKS.example.com/other"}) == "hooks.example.com"


def test_english() -> None:
    assert KIND.english(WebhookParams(url=URL)) == f"posts to {URL}"
