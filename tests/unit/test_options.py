from __future__ import annotations

import re
import ssl
import traceback
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine import ConfigError, ConnectOptions

CANARY = "hunter2"
TOKEN = "!#$%&'*+-.^_`|~09AZaz"
PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))
PROXY_RULE = "must be a URL that begins with one of http, https, socks4"


def shown(error: BaseException) -> str:
    """Return all that a log shows of an error: its message, and those behind it."""
    return "".join(traceback.format_exception(error))


def refusal(**options: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        ConnectOptions(**options)
    assert CANARY not in shown(caught.value)
    return str(caught.value)


def test_the_defaults() -> None:
    options = ConnectOptions()
    assert (options.headers, options.subprotocols, options.ssl) == ({}, (), None)
    assert (options.proxy, options.compression) == (True, "deflate")
    assert options.max_message_size == 16 * 1024 * 1024


# Headers.


@settings(deadline=None)
@given(st.dictionaries(st.text(TOKEN, min_size=1), PRINTABLE))
def test_any_header_that_http_allows_is_kept(headers: dict[str, str]) -> None:
    assert ConnectOptions(headers=headers).headers == headers


@settings(deadline=None)
@given(PRINTABLE, st.characters(max_codepoint=0x1F, exclude_characters="\t"), PRINTABLE)
def test_a_value_cannot_break_out_of_its_line(before: str, breaker: str, after: str) -> None:
    headers = {"X-Token": f"{before}{breaker}{after}"}
    with pytest.raises(ConfigError, match=r"^headers='X-Token': its value must be ASCII"):
        ConnectOptions(headers=headers)


@pytest.mark.parametrize("breaker", ["\r\n", "\n", "\r", "\0", "\x7f", "\x85", "\u2028", "é"])
def test_a_refused_value_is_not_shown(breaker: str) -> None:
    rule = "its value must be ASCII, without control characters"
    headers = {"Authorization": f"Bearer {CANARY}{breaker}X-Admin: 1"}
    assert refusal(headers=headers) == f"headers='Authorization': {rule}"


def test_a_tab_is_no_control_character_to_http() -> None:
    assert ConnectOptions(headers={"X": "a\tb"}).headers["X"] == "a\tb"


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "a\n", "é", 7, None, b"x"])
def test_a_name_must_be_a_token(name: object) -> None:
    message = refusal(headers={name: CANARY})
    assert message == f"headers={name!r}: a name must be a token (RFC 9110 section 5.6.2)"


@pytest.mark.parametrize("value", [1, None, b"x", ["a"]])
def test_a_value_must_be_text(value: object) -> None:
    kind = type(value).__name__
    assert refusal(headers={"X": value}) == f"headers['X']={kind!r}: the value must be a str"


@pytest.mark.parametrize(
    "name", ["Connection", "UPGRADE", "Sec-WebSocket-Key", "sec-websocket-extensions", "Host"]
)
def test_the_handshakes_own_headers_cannot_be_set(name: str) -> None:
    assert f"headers={name!r}: belongs to the handshake" in refusal(headers={name: CANARY})


def test_where_a_handshake_header_comes_from_instead() -> None:
    assert "use subprotocols" in refusal(headers={"Sec-WebSocket-Protocol": "v1"})
    assert "comes from the URL" in refusal(headers={"Host": "other"})


@pytest.mark.parametrize(
    "headers", [[("Authorization", CANARY)], f"Authorization: {CANARY}", None, 7]
)
def test_headers_must_be_a_mapping(headers: object) -> None:
    kind = type(headers).__name__
    assert refusal(headers=headers) == f"headers={kind!r}: must be a mapping of names to values"


# Subprotocols.


@pytest.mark.parametrize("names", [["v2", "v1"], ("graphql-transport-ws",), [TOKEN], ()])
def test_subprotocols_are_kept_in_order(names: list[str]) -> None:
    assert ConnectOptions(subprotocols=names).subprotocols == names


@pytest.mark.parametrize("names", ["v1", {"v1"}, iter(["v1"]), None, 7])
def test_subprotocols_must_be_a_list(names: object) -> None:
    rule = "must be a list or tuple of str"
    assert refusal(subprotocols=names) == f"subprotocols={type(names).__name__!r}: {rule}"


@pytest.mark.parametrize("name", ["", "a b", "a,b", "a\r\nX: y", "é", 7, None])
def test_a_subprotocol_must_be_a_token(name: object) -> None:
    expected = "subprotocols[1]: must be a token (RFC 6455 section 4.1)"
    assert refusal(subprotocols=["v1", name]).startswith(expected)


def test_a_subprotocol_is_offered_once() -> None:
    assert "must not name one twice" in refusal(subprotocols=["a", "b", "a"])


# Proxy.


@pytest.mark.parametrize(
    "proxy",
    [
        True,
        None,
        "http://proxy:3128",
        "https://user:pass@proxy.example",
        "socks5h://[::1]:1080",
        "SOCKS4a://proxy",
    ],
)
def test_a_proxy(proxy: Any) -> None:
    assert ConnectOptions(proxy=proxy).proxy == proxy


@pytest.mark.parametrize(
    ("proxy", "named"),
    [
        (f"ftp://u:{CANARY}@proxy", "'ftp://...'"),
        (f"http://u:{CANARY}/x@proxy", "'...'"),  # looks like a port
        (f"http://u:{CANARY}@proxy:99999", "'...'"),
        (f"http://u:{CANARY}@", "'http://...'"),
        (f"http://[{CANARY}@proxy", "'...'"),
        (f"u:{CANARY}@proxy:80", "'...'"),
        (f"{CANARY}:x@proxy:80", "'...'"),
        (f"//u:{CANARY}@proxy", "'...'"),
        ({"https": f"http://u:{CANARY}@proxy"}, "'dict'"),
        (f"http://u:{CANARY}@proxy".encode(), "'bytes'"),
        (False, "'bool'"),
        ("", "'...'"),
    ],
)
def test_a_proxy_that_is_none_is_refused_without_its_secret(proxy: object, named: str) -> None:
    assert refusal(proxy=proxy).startswith(f"proxy={named}: {PROXY_RULE}")


# The rest.


def test_tls_is_a_context_or_none() -> None:
    context = ssl.create_default_context()
    assert ConnectOptions(ssl=context).ssl is context
    assert refusal(ssl=True).startswith("ssl=True: must be an ssl.SSLContext, or None")


@pytest.mark.parametrize("compression", ["gzip", True, ""])
def test_compression_is_deflate_or_none(compression: object) -> None:
    rule = "must be one of 'deflate', None"
    assert refusal(compression=compression) == f"compression={compression!r}: {rule}"


@pytest.mark.parametrize("size", [0, -1, 1.5, "1M"])
def test_the_largest_message_is_a_whole_number_or_none(size: object) -> None:
    assert ConnectOptions(max_message_size=None).max_message_size is None
    rule = "must be a whole number of at least 1, or None"
    assert refusal(max_message_size=size) == f"max_message_size={size!r}: {rule}"


@settings(deadline=None)
@given(PRINTABLE, PRINTABLE)
def test_what_is_secret_stays_out_of_the_repr(before: str, after: str) -> None:
    secret = f"{before}{CANARY}{after}"
    options = ConnectOptions(headers={"Authorization": secret}, proxy=f"http://u:{CANARY}@proxy")
    assert not re.search(CANARY, repr(options))
    assert CANARY not in str([options])
