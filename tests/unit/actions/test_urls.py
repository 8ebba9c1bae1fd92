"""URLs written by people: what may be saved, and what an event can do to them (nothing but fill a place)."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.actions.studio import SCOPE

from ensue.actions.urls import checked_url, filled_url, host_of
from ensue.core.errors import InvalidValue
from ensue.core.template import TemplateError

GOOD = """
https://example.com https://example.com/ http://example.com:8080/a/b?c=d https://EXAMPLE.com/x https://1.2.3.4/x
http://127.0.0.1:9/ https://[2001:db8::1]/x https://[::1]:8443/x https://example.com/a%20b https://a.b-c.example/x
https://example.com/{{event.data.variant_id}} https://example.com?q={{event.subject}} https://xn--bcher-kva.example/
https://123.example.com/ https://example.com/~user/;p=1
""".split()  # noqa: SIM905  # reads as a table

BAD = [
    "", "example.com", "//example.com/", "ftp://example.com/", "file:///etc/passwd", "https://", "https:///x",
    "https://{{ event.data.host }}/", "https://example.{{ event.subject }}/", "{{ event.data.url }}",
    "https://example.com:{{ event.data.port }}/", "{{ event.data.scheme }}://example.com/",
    "https://user@example.com/", "https://user:pw@example.com/", "https://example.com@evil.example/",
    "https://example.com/#fragment", "https://example.com/a b", "https://example.com/\n", "https://example.com\\@evil/",
    "https://example.com/\\x", "https://example.com:0/", "https://example.com:65536/", "https://example.com:x/",
    "https://example.com:/", "https://exa mple.com/", "https://example.com./", "https://%65xample.com/",
    "https://127.1/", "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://2130706433/", "https://1.2.3.4.5/",
    "https://[::1/", "https://::1/", "https://[::1%25lo]/", "https://[not-an-address]/", "https://exa[mple/",
    "https://example.com/é", "https://example.com/?q=ü", "https://example.com/\x85", "https://example.com/\u2028",
    "https://bücher.example/", "https://127\u30020\u30020\u30021/", "https://ⓛocalhost/",
    "https://example.com/\x00", "javascript:alert(1)", "https://example.com/" + "x" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("url", GOOD)
def test_sound_urls_are_saved(url: str) -> None:
    assert checked_url(url) == url


@pytest.mark.parametrize("url", BAD)
def test_others_are_refused(url: str) -> None:
    with pytest.raises(InvalidValue):
        checked_url(url)


def test_values_are_encoded_as_one_piece() -> None:
    url = filled_url("https://example.com/v/{{ event.data.path }}?q={{ event.data.path }}&n=1", SCOPE)
    assert url == "https://example.com/v/a%2Fb%20c%3F%26%23?q=a%2Fb%20c%3F%26%23&n=1"


def test_numbers_and_lists_become_text() -> None:
    url = filled_url("https://example.com/{{ event.data.variant_id }}/{{ event.data.tags }}", SCOPE)
    assert unquote(url) == 'https://example.com/7/["x"]'


@pytest.mark.parametrize("path", ["/{{ event.data.up }}/x", "/a/{{ event.data.up }}", "/{{event.data.up}}?q=1"])
def test_a_value_cannot_climb(path: str) -> None:
    with pytest.raises(InvalidValue, match="must not be"):
        filled_url("https://example.com" + path, SCOPE)


def test_a_missing_value_is_named() -> None:
    with pytest.raises(TemplateError, match=r"event\.data\.nothing"):
        filled_url("https://example.com/{{ event.data.nothing }}", SCOPE)


@given(st.text(max_size=50).filter(lambda text: text not in {".", ".."}))
def test_whatever_the_value_it_stays_where_it_was_put(value: str) -> None:
    scope = {"event": {"x": value}}
    try:
        url = filled_url("https://example.com/a/{{ event.x }}/b?q={{ event.x }}&r=1", scope)
    except InvalidValue:
        assert {".", ".."} & set(value.split("/"))
        return
    except UnicodeEncodeError:
        pytest.fail("a surrogate cannot come out of decoded JSON")
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "example.com", "")
    assert [unquote(part) for part in parts.path.split("/")] == ["", "a", value, "b"]
    assert parse_qs(parts.query, keep_blank_values=True) == {"q": [value], "r": ["1"]}


def test_host_of() -> None:
    assert host_of("https://Example.com:8443/x?y") == "example.com:8443"
