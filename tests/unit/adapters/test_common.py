"""What the adapters share."""

from __future__ import annotations

import ssl
from typing import Any, Literal

import pytest
from websockets.uri import parse_uri

from wsengine import ConfigError, ConnectError, ConnectOptions
from wsengine.adapters.common import (
    check_names,
    check_tls,
    check_values,
    find_proxy,
    lower,
    parse_url,
    plain_url,
    refused,
    unreachable,
)

URL = "wss://user:hunter2@host/feed?token=hunter2"
SHOWN = "wss://...@host/feed?token=..."


def refusal(function: Any, *arguments: Any, **keywords: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        function(*arguments, **keywords)
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


# Options of an adapter.


def names(*given: str) -> None:
    check_names(given, known={"origin"}, taken={"autoping": "leave it"}, call="connect()")


def test_a_name_that_the_library_has_is_fine() -> None:
    names()
    names("origin")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("compress", "compress: is common to all adapters; give ConnectOptions(compression=...)"),
        ("compression", "compression: is common to all adapters; give ConnectOptions(compress"),
        ("open_timeout", "open_timeout: is common to all adapters; give EngineConfig(open_time"),
        ("receive_timeout", "receive_timeout: is common to all adapters; give EngineConfig(idle"),
        ("autoping", "autoping: cannot be set here; leave it"),
        ("orign", "orign: is no option of connect(); check the name"),
    ],
)
def test_any_other_name_is_refused_with_what_to_do(name: str, told: str) -> None:
    assert refusal(names, "origin", name).startswith(told)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"close_timeout": 0.5, "ping_interval": None, "ping_timeout": None},
        {"ping_interval": 20, "ping_timeout": 1},
        {"max_queue": None, "write_limit": 0},
        {"max_queue": 1, "write_limit": 2**20},
        {"max_queue": (16, 4), "write_limit": (2**20, 0)},
        {"max_queue": (16, None), "write_limit": (2**20, None)},
        {"max_queue": (None, 4)},
        {"origin": object()},
    ],
)
def test_values_that_keep_their_rules(options: dict[str, Any]) -> None:
    check_values(options)


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("close_timeout", -1, "must be a number above 0"),
        ("close_timeout", 0, "must be a number above 0"),
        ("close_timeout", None, "must be a number above 0"),
        ("close_timeout", "5", "must be a number above 0"),
        ("close_timeout", float("inf"), "must be a number above 0"),
        ("ping_interval", 0, "must be a number above 0, or None"),
        ("ping_timeout", True, "must be a number above 0, or None"),
        ("max_queue", "x", "must be a whole number of at least 1, or None"),
        ("max_queue", 0, "must be a whole number of at least 1, or None"),
        ("max_queue", 1.5, "must be a whole number of at least 1, or None"),
        ("max_queue", (1, 2, 3), "must be a whole number of at least 1, or None"),
        ("write_limit", "a", "must be a whole number of at least 0"),
        ("write_limit", None, "must be a whole number of at least 0"),
        ("write_limit", -1, "must be a whole number of at least 0"),
        ("write_limit", (1, 2), "the low-water mark must not be above the high one"),
    ],
)
def test_a_value_that_breaks_its_rule(field: str, value: Any, rule: str) -> None:
    assert refusal(check_values, {field: value}) == f"{field}={value!r}: {rule}"


@pytest.mark.parametrize("low", [-1, "4", 4.0, True])
def test_a_low_water_mark_is_a_whole_number(low: Any) -> None:
    assert f"max_queue={low!r}: must be a whole" in refusal(check_values, {"max_queue": (16, low)})


# What is dialled.


@pytest.mark.parametrize("url", ["ws://host/", "WS://host/"])
def test_a_tls_context_does_nothing_for_ws(url: str) -> None:
    told = refusal(check_tls, url, ConnectOptions(ssl=ssl.create_default_context()))
    assert told.startswith("ssl: given, but the URL begins with ws://; use wss:// ")


@pytest.mark.parametrize(
    ("url", "context"),
    [("ws://host/", None), ("wss://host/", None), ("wss://host/", ssl.create_default_context())],
)
def test_any_other_tls_is_fine(url: str, context: ssl.SSLContext | None) -> None:
    check_tls(url, ConnectOptions(ssl=context))


def test_a_url_has_its_parts() -> None:
    uri = parse_url(URL)
    assert (uri.secure, uri.host, uri.port) == (True, "host", 443)
    assert uri.user_info == ("user", "hunter2")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("wss://user@host/?token=hunter2", "(username provided without password)"),
        ("http://host/?token=hunter2", "(scheme isn't ws or wss)"),
        ("wss://user:hunter2@host:port/", "(its host or port is not valid)"),
    ],
)
def test_a_wrong_url_is_told_without_its_secrets(url: str, told: str) -> None:
    message = refusal(parse_url, url)
    assert message.startswith("url='")
    assert message.endswith(told)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names no proxy."""
    for name in ("all_proxy", "http_proxy", "https_proxy", "no_proxy", "ws_proxy", "wss_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def proxy(given: str | Literal[True] | None, url: str = "wss://host/") -> str | None:
    return find_proxy(parse_uri(url), given)


def test_a_given_proxy_is_the_one(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("https_proxy", "http://other:2")
    assert proxy("socks5://proxy:1080") == "socks5://proxy:1080"
    assert proxy(None) is None


def test_the_proxy_of_the_environment_is_found(environment: pytest.MonkeyPatch) -> None:
    assert proxy(True) is None
    environment.setenv("http_proxy", "http://plain:1")
    assert proxy(True) is None
    environment.setenv("https_proxy", "http://secure:2")
    assert proxy(True) == "http://secure:2"
    environment.setenv("no_proxy", "host")
    assert proxy(True) is None
    assert proxy(True, "wss://other/") == "http://secure:2"


MALFORMED = [
    ("http://proxy:port", "its host, port, user or password is not valid"),
    ("http://user:hunter2@proxy:99999", "its host, port, user or password is not valid"),
    ("http://[proxy", "its host, port, user or password is not valid"),
    ("http://user:hunter2%ff@proxy", "its host, port, user or password is not valid"),
    ("http://user:hunt/er2@proxy", "path is meaningless"),
    ("http://user@proxy", "username provided without password"),
    ("proxy:8080", "scheme proxy isn't supported"),
]


@pytest.mark.parametrize(("odd", "why"), MALFORMED)
def test_a_malformed_proxy_of_the_environment_is_told(
    odd: str, why: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("https_proxy", odd)
    told = refusal(proxy, True)
    assert told.startswith(f"proxy: the one that the environment names is not valid ({why}); set ")
    assert "ConnectOptions(proxy=None)" in told


@pytest.mark.parametrize(("odd", "why"), MALFORMED)
def test_a_malformed_proxy_that_was_given_is_told(odd: str, why: str) -> None:
    assert refusal(proxy, odd).startswith(f"proxy: is not valid ({why}); give a URL such as ")


# A dial that failed.


def test_values_of_the_same_header_are_joined() -> None:
    pairs = [("Set-Cookie", "a"), ("X", "1"), ("set-cookie", "b")]
    assert lower(pairs) == {"set-cookie": "a, b", "x": "1"}


def test_a_refused_handshake_keeps_status_headers_and_retry_after() -> None:
    error = refused(URL, 503, [("Retry-After", "7"), ("X", "1")])
    assert type(error) is ConnectError
    assert (error.status, error.retry_after) == (503, 7.0)
    assert error.headers == {"retry-after": "7", "x": "1"}
    assert str(error) == f"{SHOWN}: the server refused the handshake with HTTP status 503"


@pytest.mark.parametrize(
    ("status", "by", "asked"),
    [
        (200, "the server", True),
        (404, "the server", True),
        (400, "the server", False),
        (503, "the server", False),
        (200, "the proxy", False),
    ],
)
def test_where_there_may_be_no_websocket_the_path_is_asked_about(
    status: int, by: str, asked: bool
) -> None:
    hint = "; is this a WebSocket endpoint, and the path right?"
    assert str(refused(URL, status, [], by=by)).endswith(hint) is asked


def test_a_proxy_that_refuses_is_named() -> None:
    error = refused(URL, 407, [], by="the proxy")
    assert (error.status, error.retry_after, error.headers) == (407, None, {})
    assert "the proxy refused the handshake with HTTP status 407" in str(error)


def test_a_redirect_tells_where_to_without_its_secrets() -> None:
    error = refused(URL, 302, [("Location", "wss://other/?token=hunter2")])
    assert error.headers["location"] == "wss://other/?token=hunter2"
    assert str(error).endswith("it redirects to wss://other/?token=..., dial that")


def test_where_a_redirect_leads_can_be_shown_whatever_it_is() -> None:
    location = "ws://h/\x1b[2J\r\n" + "a" * 8000
    error = refused(URL, 302, [("Location", location)])
    assert error.headers["location"] == location
    assert str(error).isprintable()
    assert "it redirects to ws://h/?[2J" in str(error)
    assert len(str(error)) < 400


@pytest.mark.parametrize(
    ("error", "proxy", "words"),
    [
        (ConnectionRefusedError("no"), None, "connection refused; is the server running"),
        (ConnectionRefusedError("no"), "http://proxy", "cannot connect to the proxy, or through i"),
        (TimeoutError(), "http://proxy", "or through it (TimeoutError); is it running"),
        (ssl.SSLError(1, "odd"), "http://proxy", "TLS failed (odd)"),
        (EOFError("odd"), "http://proxy", "the handshake failed (odd)"),
    ],
)
def test_a_dial_that_failed_below_http(error: Exception, proxy: str | None, words: str) -> None:
    result = unreachable(URL, error, proxy=proxy)
    assert type(result) is ConnectError
    assert str(result).startswith(f"{SHOWN}: ")
    assert words in str(result)
    assert result.status is None


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("ws://host", "ws://host/"),
        ("ws://host:80/a", "ws://host/a"),
        ("wss://host:443/a", "wss://host/a"),
        ("wss://host:8443/a?b=c%20d", "wss://host:8443/a?b=c%20d"),
        ("ws://user:pass@host:81/", "ws://host:81/"),
        ("ws://[::1]:81/", "ws://[::1]:81/"),
        ("wss://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.test/", "wss://xn--bcher-kva.test/"),
    ],
)
def test_the_library_gets_a_plain_url(url: str, plain: str) -> None:
    assert plain_url(parse_uri(url)) == plain
