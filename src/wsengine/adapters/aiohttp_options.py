"""The options that only `aiohttp` has, checked before anything is dialled.

Once a dial has begun, a `ValueError` out of the library may be about what the server answered,
which the next dial may find mended. What is wrong with an option is found out here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import BasicAuth, ClientSession
from yarl import URL

from ..errors import ConfigError
from ..validation import check_name, check_number
from .common import check_names

_TAKEN: Final = {
    "timeout": "give close_timeout=...",
    "autoclose": "the adapter answers closes itself",
    "autoping": "the adapter answers pings itself",
    "decode_text": "text is always str",
    **dict.fromkeys(("fingerprint", "verify_ssl"), "give ConnectOptions(ssl=...)"),
}
_KNOWN: Final = inspect.signature(ClientSession.ws_connect).parameters.keys() - {"self", "url"}


def check_options(options: Mapping[str, Any]) -> None:
    """Check what is meant for `aiohttp.ClientSession.ws_connect` alone.

    Raises:
        ConfigError: A value breaks its rule, or an option belongs elsewhere.
    """
    check_names(options, known=_KNOWN, taken=_TAKEN, call="aiohttp's ws_connect()")
    for name, value in options.items():
        if name in _CHECKS:
            _CHECKS[name](name, value)


def _check_text(field: str, value: Any) -> None:
    check_name(field, value)
    if value is not None and not (value.isascii() and value.isprintable()):
        raise ConfigError(f"{field}={value!r}: must be ASCII, without control characters")


def _check_method(field: str, value: Any) -> None:
    if value is None:
        raise ConfigError(f"{field}=None: must be a str, such as 'GET'")
    _check_text(field, value)


def _check_heartbeat(field: str, value: Any) -> None:
    check_number(field, value, above=0, optional=True)


# Of what may be secret, the type is told and not the value.


def _check_login(field: str, value: Any) -> None:
    if value is not None and not isinstance(value, BasicAuth):
        kind = type(value).__name__
        raise ConfigError(f"{field}: must be an aiohttp.BasicAuth, or None, not {kind}")


def _check_parameters(field: str, value: Any) -> None:
    try:
        URL("ws://host/").extend_query(value)
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise ConfigError(
            f"{field}: must be what yarl takes for a query, such as a mapping of str, not {kind}"
        ) from None


def _check_headers(field: str, value: Any) -> None:
    if value is None:
        return
    items = value.items() if isinstance(value, Mapping) else ()
    texts = [text for pair in items for text in pair]
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in texts):
        raise ConfigError(f"{field}: must be a mapping of names to values, all of them str")
    if not all(text.replace("\t", " ").isprintable() for text in texts):
        raise ConfigError(f"{field}: must have no control characters in names and values")


_CHECKS: Final[Mapping[str, Callable[[str, Any], None]]] = {
    "method": _check_method,
    "heartbeat": _check_heartbeat,
    "origin": _check_text,
    "server_hostname": _check_text,
    **dict.fromkeys(("auth", "proxy_auth"), _check_login),
    "params": _check_parameters,
    "proxy_headers": _check_headers,
}
