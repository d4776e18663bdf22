"""The contract between the engine and a correlator, which knows which reply answers what."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Protocol

from .codec import Codec
from .config import EngineConfig
from .errors import ConfigError
from .validation import check_not_awaited


class Correlator(Protocol):
    """Finds the ids in requests and replies. A message is what `send` and `on_message` see.

    It may have more; the engine uses what is there:

    - `prepare(message)` returns the message that `request` sends: with an id filled in where it
      lacks one. It does not change the caller's object.
    - `error(message)` returns the exception that `request` raises for a reply that tells of an
      error, and `None` for any other reply.
    - `result(message)` returns what `request` returns for a good reply: without it, the reply.
    - `needs_codec = True`: messages must be decoded, so the engine must have a codec.
    """

    def request_id(self, message: Any, /) -> Hashable | None:
        """Return the id of a message that wants a reply, or `None` where it wants none."""

    def response_id(self, message: Any, /) -> Hashable | None:
        """Return the id of the request that a message answers, or `None` where it is no reply.

        Called for each message that comes in.
        """


@dataclass(frozen=True, slots=True)
class Correlation:
    """What a correlator can do, with what it leaves out filled in.

    Args:
        request_id: As `Correlator.request_id`.
        response_id: As `Correlator.response_id`.
        prepare: Returns the message to send; the same one where the correlator has no `prepare`.
        error: Returns the exception for a reply, or `None`.
        result: Returns what the caller gets of a good reply; all of it where the correlator has
            no `result`.
        needs_codec: Whether messages must be decoded.
    """

    request_id: Callable[[Any], Hashable | None]
    response_id: Callable[[Any], Hashable | None]
    prepare: Callable[[Any], Any]
    error: Callable[[Any], Exception | None]
    result: Callable[[Any], Any]
    needs_codec: bool


def check_correlator(correlator: object) -> Correlation:
    """Return what a correlator can do.

    Raises:
        ConfigError: It is a class, lacks one of the two methods, has something that is not a
            method where an optional one would be, or one that is an `async def`.
    """
    if isinstance(correlator, type):
        name = correlator.__name__
        raise ConfigError(f"correlator={name}: is a class; give an instance: {name}()")
    needed = ("request_id", "response_id")
    missing = [name for name in needed if not callable(getattr(correlator, name, None))]
    if missing:
        raise ConfigError(
            f"correlator={correlator!r}: lacks {' and '.join(missing)}; a correlator has "
            "request_id(message) and response_id(message), as "
            "wsengine.correlators.JsonCorrelator() has"
        )
    found: Any = correlator
    optional = {
        name: getattr(correlator, name, default)
        for name, default in (
            ("prepare", _the_same),
            ("error", _no_error),
            ("result", _the_same),
        )
    }
    for name, method in optional.items():
        if not callable(method):
            raise ConfigError(f"correlator={correlator!r}: its {name} cannot be called")
    check_not_awaited("correlator", correlator, (*needed, *optional))
    return Correlation(
        request_id=found.request_id,
        response_id=found.response_id,
        needs_codec=bool(getattr(correlator, "needs_codec", False)),
        **optional,
    )


def check_company(
    correlator: object, correlation: Correlation, codec: Codec | None, config: EngineConfig
) -> None:
    """Check that a correlator can work with the codec and the settings of an engine.

    Raises:
        ConfigError: It cannot.
    """
    if correlation.needs_codec and codec is None:
        raise ConfigError(
            f"correlator={correlator!r}: looks into decoded messages, so it needs a codec: "
            "Engine(..., codec=JsonCodec(), correlator=...)"
        )
    if config.backlog_messages == 0:
        raise ConfigError(
            "backlog_messages=0: with a correlator it must be at least 1, or nobody could read "
            "a reply while handlers wait for it"
        )


def _the_same(message: Any) -> Any:
    return message


def _no_error(_message: Any) -> None:
    return None
