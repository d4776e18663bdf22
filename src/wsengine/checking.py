"""What an endpoint must be, found out before the first dial: mistakes that would else be silent."""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Iterator
from typing import Any, Final

from .endpoint import Endpoint
from .errors import ConfigError
from .handlers import CALLS, check_handler, check_no_yield

logger = logging.getLogger(__name__)

LIKENESS: Final = 0.85
"""How much a name must be like that of a callback to be taken for a slip of the pen."""

ELSEWHERE: Final = {
    "on_msg": "on_message",
    "on_data": "on_message",
    "on_connect": "on_open",
    "on_reconnect": "on_open",
    "on_disconnect": "on_close",
    "on_closed": "on_close",
    "on_error": "on_read_error",
}
"""Names that other libraries have for callbacks, and what comes nearest here."""


def check_endpoint(endpoint: Any) -> None:
    """Check that an endpoint has the six callbacks, and that they can be called as they will be.

    Raises:
        ConfigError: One is missing, is called otherwise, or has `yield`; or something is called
            nearly as one that is missing.
    """
    if isinstance(endpoint, type):
        name = endpoint.__name__
        raise ConfigError(f"endpoint={name}: is a class; give an instance: {name}()")
    missing = [name for name in CALLS if not callable(getattr(endpoint, name, None))]
    if missing:
        raise ConfigError(
            f"endpoint={endpoint!r}: lacks {', '.join(missing)}; inherit from wsengine.Endpoint, "
            "which has all six callbacks"
        )
    for name in CALLS:
        check_no_yield(name, getattr(endpoint, name))
        check_handler(name, getattr(endpoint, name))
    if isinstance(endpoint, Endpoint):
        _check_names(endpoint)


def check_async_endpoint(endpoint: Any) -> None:
    """Check an endpoint that is to be called on the event loop.

    Raises:
        ConfigError: As `check_endpoint`; or it was written for `SyncEngine`.
    """
    if getattr(endpoint, "for_sync_engine", False):
        raise ConfigError(
            f"endpoint={endpoint!r}: is a SyncEndpoint; give it to a SyncEngine, or inherit from "
            "Endpoint"
        )
    check_endpoint(endpoint)


def _check_names(endpoint: Endpoint) -> None:
    """Look for methods that were meant to be callbacks.

    A name nearly that of a callback is a mistake if that callback is not there itself. One that
    another library has for it may be a method of the program's own: that is only told.
    """
    kind = type(endpoint).__name__
    open_names = [name for name in CALLS if getattr(type(endpoint), name) is vars(Endpoint)[name]]
    for name in _names_like_callbacks(type(endpoint)):
        snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
        near = difflib.get_close_matches(snake, open_names, 1, LIKENESS)
        if near:
            raise ConfigError(
                f"endpoint={kind}(): has {name}, which is no callback; did you mean {near[0]}?"
            )
        if ELSEWHERE.get(snake) in open_names:
            logger.warning(
                "%s has %s, which is no callback, so no engine calls it; did you mean %s?",
                kind,
                name,
                ELSEWHERE[snake],
            )


def _names_like_callbacks(kind: type[Endpoint]) -> Iterator[str]:
    for name in dir(kind):
        if re.match(r"on[_A-Z]", name) and name not in CALLS and callable(getattr(kind, name)):
            yield name
