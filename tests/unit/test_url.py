from __future__ import annotations

import re
import traceback

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wsengine import ConfigError
from wsengine.url import as_ascii, check_url, display_url

CANARY = "hunter2"
SECRETS = st.text("abc12:;,=+!$'\"%&*~-._\\|^`é@", max_size=6).map(lambda text: text + CANARY)
NAMES = st.text("abcxyz-_", min_size=1, max_size=6)
HOSTS = st.sampled_from(["example.com", "localhost", "127.0.0.1", "[::1]", "bücher.example", "H"])
PORTS = st.just("") | st.integers(1, 65535).map(lambda port: f":{port}")
PATHS = st.text("ab/@;=é.~", max_size=8).map(lambda text: "/" + text.lstrip("/"))
SCHEMES = st.sampled_from(["ws", "wss", "WSS", "http", "https", "x"])


@st.composite
def urls_with_secrets(draw: st.DrawFn) -> str:
    """Draw URLs with the canary in the user info and the query."""
    scheme, host, port, path = draw(SCHEMES), draw(HOSTS), draw(PORTS), draw(PATHS)
    user = f"{draw(NAMES)}:{draw(SECRETS)}@"
    pairs = [f"{name}={draw(SECRETS)}" for name in draw(st.lists(NAMES, min_size=1, max_size=3))]
    fragment = draw(st.sampled_from(["", "#", f"#{CANARY}"]))
    return f"{scheme}://{user}{host}{port}{path}?{'&'.join(pairs)}{fragment}"


def log_of_refusal(url: object) -> str:
    """Return all that a log shows of the refusal of `url`, or nothing if it is accepted."""
    try:
        check_url(url)
    except ConfigError as error:
        return "".join(traceback.format_exception(error))
    return ""


def refusal(url: object) -> str:
    """Return the message that refuses `url`, and check that no log shows its secret."""
    log = log_of_refusal(url)
    assert CANARY not in log
    return log.strip().rpartition("ConfigError: ")[2]


# URLs that are fit to be dialled.


@pytest.mark.parametrize(
    "url",
    [
        "ws://localhost",
        "wss://example.com/feed?room=1&room=2",
        "wss://user:pass@example.com:8443/a/b;c?d",
        "ws://[::1]:8080/",
        "ws://[fe80::1%25eth0]/",
        "ws://my_host./",
        "ws://127.0.0.1:65535",
        "ws://host/%23?a=%20",
    ],
)
def test_a_websocket_url_is_returned_as_it_is(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    ("url", "in_ascii"),
    [
        ("ws://bücher.example/straße", "ws://xn--bcher-kva.example/stra%C3%9Fe"),
        ("ws://bücher.example:81?é", "ws://xn--bcher-kva.example:81?%C3%A9"),
        (
            "ws://é:%C3%A9@host/a%2Fb/é?a=%20é&b=ü+%",
            "ws://%C3%A9:%C3%A9@host/a%2Fb/%C3%A9?a=%20%C3%A9&b=%C3%BC+%",
        ),
        ("ws://ex\u00adample.com/", "ws://example.com/"),
        ("ws://[::1]:8080/é", "ws://[::1]:8080/%C3%A9"),
        ("ws://HOST/é", "ws://HOST/%C3%A9"),
        ("ws://host?é", "ws://host?%C3%A9"),
    ],
)
def test_only_what_is_not_ascii_is_quoted(url: str, in_ascii: str) -> None:
    assert check_url(url) == in_ascii
    assert as_ascii(in_ascii) == in_ascii


def test_the_scheme_comes_back_in_lower_case() -> None:
    # An adapter may look at it: ConnectOptions(ssl=...) is for wss only.
    assert check_url("WSS://Example.com/Feed") == "wss://Example.com/Feed"


# The rules.


@pytest.mark.parametrize("url", [None, 7, f"ws://u:{CANARY}@host".encode(), ["ws://host"]])
def test_it_must_be_text(url: object) -> None:
    kind = type(url).__name__
    assert refusal(url) == f"url: must be a str such as 'wss://example.com/feed', not {kind}"


@pytest.mark.parametrize("unfit", [" ", "\t", "\r\n", "\0", "\x7f", "\x1f", "\ud800"])
@pytest.mark.parametrize(
    "form",
    [
        "{}ws://u:hunter2@host/x",
        "ws://u:hunter2{}@host/x",
        "ws://u:hunter2/{}@host/x",
        "ws://host/x?token={}hunter2",
        "ws://host/x?hunter2{}",
    ],
)
def test_it_has_no_space_or_control_character(form: str, unfit: str) -> None:
    assert "has a space, control character or lone surrogate" in refusal(form.format(unfit))


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        (f"http://u:{CANARY}@host", r"must begin with ws:// or wss:// \(did you mean ws://\?\)$"),
        (f"https://host?t={CANARY}", r"must begin with ws:// or wss:// \(did you mean wss://\?\)$"),
        ("example.com/feed", "^url='example.com/feed': must begin with ws:// or wss://$"),
        (f"u:{CANARY}@host/feed", r"must begin with ws:// or wss://$"),
        (f"//u:{CANARY}@host/feed", r"must begin with ws:// or wss://$"),
        ("", "must begin with ws:// or wss://$"),
        ("ws://", "has no host$"),
        ("ws://:80/", "has no host$"),
        (f"ws:u:{CANARY}@host", "has no host$"),
        (f"ws:/u:{CANARY}@host", "has no host$"),
        (f"ws:///u:{CANARY}@host", "has no host$"),
        (f"ws://u:{CANARY}@/feed", "has no host$"),
        (f"ws://u:{CANARY}@host:0/feed", "port 0 cannot be dialled$"),
        (f"ws://u:{CANARY}@exa..mple/", "its host is no name that can be looked up$"),
        (f"ws://{'x' * 64}.example/?t={CANARY}", "its host is no name that can be looked up$"),
        (f"ws://u:{CANARY}@host/#here", r"must not have a fragment \(#\.\.\.\); write # as %23$"),
        (f"ws://host/#{CANARY}", "must not have a fragment"),
        (f"ws://u:12#{CANARY}@host", "must not have a fragment"),
        ("ws://host/#", "must not have a fragment"),
        (f"ws://u:{CANARY}@host:99999", r"^url: not a valid URL \(Port out of range 0-65535\)$"),
        (
            f"ws://127.0.0.1:99999/?t={CANARY}",
            r"^url='ws://127\.0\.0\.1:99999': its port must be a whole number from 1 to 65535$",
        ),
        (f"ws://u:99999/{CANARY}@host", r"^url: not a valid URL \(Port out of range 0-65535\)$"),
        (f"ws://u:{CANARY}/x@host", r"^url: not a valid URL \(Port could not be cast to .*\)$"),
        (f"ws://u:'{CANARY}/x@host", r"^url: not a valid URL \(Port could not be cast to .*\)$"),
        (f"ws://u:{CANARY}@[::1", r"^url: not a valid URL \(Invalid IPv6 URL\)$"),
        (f"ws://[{CANARY}]/", "^url: not a valid URL"),
        (f"ws://u:{CANARY}＠host/", r"^url: not a valid URL \(netloc\)$"),  # noqa: RUF001
    ],
)
def test_each_rule_has_its_message_and_shows_no_secret(url: str, rule: str) -> None:
    assert re.search(rule, refusal(url))


@settings(deadline=None)
@given(urls_with_secrets())
def test_a_refused_url_never_shows_its_secret(url: str) -> None:
    if outcome := log_of_refusal(url):
        assert CANARY not in outcome
    else:
        assert check_url(url).casefold() == as_ascii(url).casefold()
        assert check_url(url).isascii()


@settings(deadline=None)
@given(st.text() | st.text("wsWS:/@?#[]%.a1 \\'\"=&").map(lambda rest: f"ws://{rest}"))
@example("ws://[::g]/")
def test_any_text_is_accepted_or_refused_and_can_be_shown(text: str) -> None:
    assert isinstance(display_url(text), str)
    assert log_of_refusal(text) or text.lower().startswith(("ws://", "wss://"))


# What may be shown.


@settings(deadline=None)
@given(urls_with_secrets())
def test_neither_user_info_nor_query_values_are_shown(url: str) -> None:
    assert CANARY not in display_url(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ws://localhost:8080/feed", "ws://localhost:8080/feed"),
        ("WSS://u:p@Host/a;b", "wss://...@Host/a;b"),
        ("wss://u:p@q@host", "wss://...@host"),
        ("wss://host?token=a&room=b", "wss://host?token=...&room=..."),
        ("wss://host/?a=1=2&b&=c&", "wss://host/?a=...&...&=...&"),
        ("wss://host/@name?mail=a@b#c", "wss://host/@name?mail=..."),
        ("wss://[::1]:1/#x", "wss://[::1]:1/"),
        ("wss://[::1", "..."),
        ("u:p@host", "..."),
        ("example.com/feed", "example.com/feed"),
    ],
)
def test_what_is_shown(url: str, shown: str) -> None:
    assert display_url(url) == shown


@settings(deadline=None)
@given(HOSTS, PORTS, PATHS)
def test_a_url_without_secrets_is_shown_as_it_is(host: str, port: str, path: str) -> None:
    assert display_url(f"wss://{host}{port}{path}") == f"wss://{host}{port}{path}"
