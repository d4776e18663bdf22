"""What a client must refuse in an answer with status 101, and not every library does.

See RFC 6455 section 4.1, and RFC 7692 section 7.1 for the parameters of compression.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from websockets.exceptions import InvalidHeader
from websockets.headers import parse_extension

from ..options import ConnectOptions
from ..refusals import fit_to_show

_ONCE: Final = ("sec-websocket-accept", "sec-websocket-protocol")
_FLAGS: Final = ("server_no_context_takeover", "client_no_context_takeover")
_WINDOWS: Final = ("server_max_window_bits", "client_max_window_bits")
_BITS: Final = frozenset(map(str, range(8, 16)))
_TOO_SMALL: Final = ("client_max_window_bits", "8")
"""What RFC 7692 allows, and zlib cannot do."""


def fault_in(items: Iterable[tuple[str, str]], options: ConnectOptions) -> str | None:
    """Return what a server did that must be refused; `None` if its answer is a good one.

    Args:
        items: The headers of the answer, those that are repeated included.
        options: What it was offered.
    """
    headers: dict[str, list[str]] = {}
    for name, value in items:
        headers.setdefault(name.lower(), []).append(value)
    for name in _ONCE:
        if len(headers.get(name, ())) > 1:
            return f"sent the header {name.title().replace('socket', 'Socket')} twice"
    if not set(headers.get("sec-websocket-protocol", ())).issubset(options.subprotocols):
        return "chose a subprotocol that was not offered"
    return _fault_in_extensions(
        ", ".join(headers.get("sec-websocket-extensions", ())), offered=options.compression
    )


def _fault_in_extensions(chosen: str, *, offered: str | None) -> str | None:
    if not chosen:
        return None
    try:
        extensions = parse_extension(chosen)
    except InvalidHeader:
        return f"sent a Sec-WebSocket-Extensions that has no meaning: {fit_to_show(chosen)!r}"
    if offered is None or any(name != "permessage-deflate" for name, _ in extensions):
        return "chose an extension that was not offered"
    if len(extensions) > 1:
        return "chose permessage-deflate twice"
    _, parameters = extensions[0]
    return _fault_in_parameters(parameters)


def _fault_in_parameters(parameters: Iterable[tuple[str, str | None]]) -> str | None:
    given: set[str] = set()
    for name, value in parameters:
        allowed = value is None if name in _FLAGS else name in _WINDOWS and value in _BITS
        if not allowed or name in given:
            shown = name if value is None else f"{name}={value}"
            return f"chose permessage-deflate with {fit_to_show(shown)!r}, which is not allowed"
        given.add(name)
        if (name, value) == _TOO_SMALL:
            return (
                "wants what it gets compressed with client_max_window_bits=8, which zlib cannot; "
                "have it allow 9 or more, or give ConnectOptions(compression=None)"
            )
    return None
