"""The options of a connection that every adapter understands."""

from __future__ import annotations

import ssl as ssl_module
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from .errors import ConfigError
from .validation import check_choice, check_whole, refuse

_TOKEN_CHARACTERS = frozenset(
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
_PROXY_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_HANDSHAKE_HEADERS = frozenset(
    {
        "connection",
        "host",
        "upgrade",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-protocol",
        "sec-websocket-extensions",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectOptions:
    """What is the same for every WebSocket library; switching the adapter changes nothing here.

    Args:
        headers: Headers added to the opening handshake, such as `Authorization`.
        subprotocols: Subprotocols offered, the most wanted first (RFC 6455 section 1.9).
        ssl: The TLS context for `wss://`; `None` verifies against the system's authorities.
        proxy: The URL of a proxy, `True` for the one that the environment names (`HTTPS_PROXY`
            and alike), `None` for none.
        compression: `"deflate"` offers permessage-deflate (RFC 7692), `None` does not.
        max_message_size: The largest message accepted, in bytes; a larger one closes the
            connection with 1009. `None` sets no bound.
    """

    # A token may stand in a header, a subprotocol or a proxy URL: no secret is in the repr.
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    subprotocols: Sequence[str] = field(default=(), repr=False)
    ssl: ssl_module.SSLContext | None = None
    proxy: str | Literal[True] | None = field(default=True, repr=False)
    compression: Literal["deflate"] | None = "deflate"
    max_message_size: int | None = 16 * 1024 * 1024

    def __post_init__(self) -> None:
        _check_headers(self.headers)
        _check_subprotocols(self.subprotocols)
        if self.ssl is not None and not isinstance(self.ssl, ssl_module.SSLContext):
            raise refuse("ssl", self.ssl, "must be an ssl.SSLContext, or None for the default")
        _check_proxy(self.proxy)
        check_choice("compression", self.compression, ("deflate", None))
        check_whole("max_message_size", self.max_message_size, least=1, optional=True)


def _check_headers(headers: object) -> None:
    if not isinstance(headers, Mapping):
        raise refuse("headers", type(headers).__name__, "must be a mapping of names to values")
    for name, value in headers.items():
        if not isinstance(name, str) or not name or not _TOKEN_CHARACTERS.issuperset(name):
            raise refuse("headers", name, "a name must be a token (RFC 9110 section 5.6.2)")
        if name.lower() in _HANDSHAKE_HEADERS:
            rule = "belongs to the handshake itself and cannot be set"
            if name.lower() == "sec-websocket-protocol":
                rule += "; use subprotocols"
            if name.lower() == "host":
                rule += "; it comes from the URL"
            raise refuse("headers", name, rule)
        if not isinstance(value, str):
            raise refuse(f"headers[{name!r}]", type(value).__name__, "the value must be a str")
        if not value.isascii() or not value.replace("\t", " ").isprintable():
            # The value may be a token: say where, not what.
            raise refuse("headers", name, "its value must be ASCII, without control characters")


def _check_subprotocols(subprotocols: object) -> None:
    if isinstance(subprotocols, str) or not isinstance(subprotocols, Sequence):
        kind = type(subprotocols).__name__
        raise refuse("subprotocols", kind, "must be a list or tuple of str")
    for place, name in enumerate(subprotocols):  # some carry a token: say where, not what
        if not isinstance(name, str) or not name or not _TOKEN_CHARACTERS.issuperset(name):
            raise ConfigError(
                f"subprotocols[{place}]: must be a token (RFC 6455 section 4.1): "
                "a str of ASCII letters, digits and !#$%&'*+-.^_`|~"
            )
    if len(set(subprotocols)) != len(subprotocols):
        raise ConfigError("subprotocols: must not name one twice")


def _check_proxy(proxy: object) -> None:
    if proxy is None or proxy is True:
        return
    rule = f"must be a URL that begins with one of {', '.join(_PROXY_SCHEMES)}, True or None"
    if not isinstance(proxy, str):
        raise refuse("proxy", type(proxy).__name__, rule)
    try:
        parts = urlsplit(proxy)
        scheme, host, _port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        raise refuse("proxy", "...", rule) from None  # the error quotes what may be a password
    if scheme not in _PROXY_SCHEMES or not host:
        raise refuse("proxy", f"{scheme}://..." if "://" in proxy else "...", rule)


def check_options(options: object) -> ConnectOptions:
    """Return options, if they are such.

    Raises:
        ConfigError: They are not; the text does not hold them, as there are tokens in headers.
    """
    if isinstance(options, ConnectOptions):
        return options
    advice = "use ConnectOptions(**...)" if isinstance(options, Mapping) else "see ConnectOptions"
    raise ConfigError(
        f"options: is of type {type(options).__name__}; it must be ConnectOptions, or a function "
        f"that returns them: {advice}"
    )
