"""What the adapters share: checks of what they are given, and how a refused handshake is told.

The libraries check little: a wrong value of an option, or a wrong proxy in the environment,
comes out of them as a bare `TypeError` or `ValueError`, at the dial or long after it.
"""

from __future__ import annotations

import ssl
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from websockets.exceptions import InvalidProxy, InvalidURI
from websockets.headers import build_host
from websockets.proxy import get_proxy, parse_proxy
from websockets.uri import WebSocketURI, parse_uri

from ..errors import ConfigError, ConnectError
from ..options import ConnectOptions
from ..refusals import describe_failed_dial, fit_to_show, parse_retry_after
from ..url import as_ascii, display_url
from ..validation import check_number, check_whole, refuse

FAILURES = frozenset({1002, 1003, 1007, 1009, 1010, 1011})
"""What a client itself closes with when the server breaks the protocol (RFC 6455 section 7.4.1)."""

_COMMON = {
    **dict.fromkeys(
        ("headers", "additional_headers", "extra_headers"), "ConnectOptions(headers=...)"
    ),
    **dict.fromkeys(("subprotocols", "protocols"), "ConnectOptions(subprotocols=...)"),
    **dict.fromkeys(("ssl", "ssl_context"), "ConnectOptions(ssl=...)"),
    "proxy": "ConnectOptions(proxy=...)",
    **dict.fromkeys(("compression", "compress"), "ConnectOptions(compression=...)"),
    **dict.fromkeys(
        ("max_size", "max_msg_size", "max_message_size", "max_frame_size"),
        "ConnectOptions(max_message_size=...)",
    ),
    **dict.fromkeys(
        ("open_timeout", "websocket_handshake_timeout"), "EngineConfig(open_timeout=...)"
    ),
    "receive_timeout": "EngineConfig(idle_timeout=...)",
}
"""Where to give what all adapters have in common, by the names that the libraries have for it."""

# Options of an adapter.


def check_names(
    given: Iterable[str], *, known: Collection[str], taken: Mapping[str, str], call: str
) -> None:
    """Check the names of the options that are meant for the library alone.

    Args:
        given: The names.
        known: Those that the library has.
        taken: Those that cannot be set, with what to do instead.
        call: The function of the library that takes them.

    Raises:
        ConfigError: One is common to all adapters, cannot be set, or does not exist.
    """
    for name in given:
        if name in _COMMON:
            raise ConfigError(f"{name}: is common to all adapters; give {_COMMON[name]}")
        if name in taken:
            raise ConfigError(f"{name}: cannot be set here; {taken[name]}")
        if name not in known:
            raise ConfigError(f"{name}: is no option of {call}; check the name")


def check_values(options: Mapping[str, Any]) -> None:
    """Check the values of the options that `websockets` and `picows` have in common.

    Raises:
        ConfigError: A value breaks its rule.
    """
    for name, value in options.items():
        if name == "close_timeout":
            check_number(name, value, above=0)
        elif name in {"ping_interval", "ping_timeout"}:
            check_number(name, value, above=0, optional=True)
        elif name == "max_queue":
            _check_marks(name, value, least=1, optional=True)
        elif name == "write_limit":
            _check_marks(name, value, least=0)


def _check_marks(field: str, value: Any, *, least: int, optional: bool = False) -> None:
    """Check a high-water mark, or a pair of the high and the low one."""
    high, low = value if isinstance(value, tuple) and len(value) == 2 else (value, None)
    check_whole(field, high, least=least, optional=optional)
    check_whole(field, low, least=0, optional=True)
    if high is not None and low is not None and low > high:
        raise refuse(field, value, "the low-water mark must not be above the high one")


# What is dialled.


def check_tls(url: str, options: ConnectOptions) -> None:
    """Check that a TLS context is given for a URL that uses it only.

    Raises:
        ConfigError: It would do nothing, and the connection be readable by all.
    """
    if options.ssl is not None and url[:3].lower() == "ws:":
        raise ConfigError(
            "ssl: given, but the URL begins with ws://; use wss:// for a connection with TLS, "
            "or ssl=None for one without"
        )


def parse_url(url: str) -> WebSocketURI:
    """Return the parts of a WebSocket URL.

    Raises:
        ConfigError: It is none; the message shows it without its secrets.
    """
    try:
        return parse_uri(as_ascii(url))
    except InvalidURI as error:
        why = error.msg
    except ValueError:  # its text may quote a password
        why = "its host or port is not valid"
    raise ConfigError(f"url={display_url(url)!r}: is not valid ({why})")


def plain_url(uri: WebSocketURI) -> str:
    """Return a URL as libraries need it: in ASCII, and without user info."""
    host = build_host(uri.host, uri.port, uri.secure)
    return f"{'wss' if uri.secure else 'ws'}://{host}{uri.resource_name}"


def find_proxy(uri: WebSocketURI, proxy: str | Literal[True] | None) -> str | None:
    """Return the URL of the proxy to go through, or `None`.

    Args:
        uri: What is dialled.
        proxy: As in `ConnectOptions`.

    Raises:
        ConfigError: It is not valid; the message does not show it, for it may have a password.
    """
    found = get_proxy(uri) if proxy is True else proxy
    if found is None:
        return None
    try:
        parse_proxy(found)
    except InvalidProxy as error:
        why = error.msg
    except ValueError:
        why = "its host, port, user or password is not valid"
    else:
        return found
    if proxy is True:
        raise ConfigError(
            f"proxy: the one that the environment names is not valid ({why}); set HTTPS_PROXY, or "
            "what else names it, to a URL such as http://proxy:3128, or give "
            "ConnectOptions(proxy=None)"
        )
    raise ConfigError(f"proxy: is not valid ({why}); give a URL such as http://proxy:3128")


# A dial that failed.


def lower(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers with names in lower case, and values of the same name joined."""
    headers: dict[str, str] = {}
    for name, value in items:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def refused(
    url: str, status: int, items: Iterable[tuple[str, str]], *, by: str = "the server"
) -> ConnectError:
    """Return the exception for a handshake that was answered with something else than 101.

    Args:
        url: What was dialled.
        status: The HTTP status.
        items: The headers of the answer.
        by: Who answered.
    """
    headers = lower(items)
    redirects = 300 <= status < 400 and "location" in headers
    to = fit_to_show(display_url(headers["location"])) if redirects else ""
    advice = f"; it redirects to {to}, dial that" if to else ""
    if by == "the server" and (200 <= status < 300 or status == 404):
        advice = "; is this a WebSocket endpoint, and the path right?"
    return ConnectError(
        f"{display_url(url)}: {by} refused the handshake with HTTP status {status}{advice}",
        status=status,
        headers=headers,
        retry_after=parse_retry_after(headers.get("retry-after")),
    )


def unreachable(url: str, error: Exception, *, proxy: str | None) -> ConnectError:
    """Return the exception for a dial that failed below HTTP.

    Args:
        url: What was dialled.
        error: The library's or the system's exception.
        proxy: The proxy that it went through.
    """
    shown = display_url(url)
    if proxy is None or not isinstance(error, OSError) or isinstance(error, ssl.SSLError):
        return ConnectError(describe_failed_dial(shown, error))
    text = str(error) or type(error).__name__
    return ConnectError(
        f"{shown}: cannot connect to the proxy, or through it ({text}); is it running, and its "
        "URL right?"
    )
