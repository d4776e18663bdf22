"""What can be wrong with the demo server, on demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from ..validation import check_choice, check_number, check_type, check_whole, refuse


@dataclass(frozen=True, slots=True)
class Refusal:
    """How handshakes are refused.

    Args:
        status: The HTTP status, 400 to 599.
        retry_after: Whole seconds for the header Retry-After, or `None` for no such header.
        times: How many handshakes are refused, or `None`: all, until it is taken back.

    Raises:
        ConfigError: One of them is something else.
    """

    status: int = 503
    retry_after: int | None = None
    times: int | None = None

    def __post_init__(self) -> None:
        check_whole("status", self.status, least=400)
        if self.status > 599:
            raise refuse("status", self.status, "must be the HTTP status of an error, 400 to 599")
        check_whole("retry_after", self.retry_after, least=0, optional=True)
        check_whole("times", self.times, least=1, optional=True)


@dataclass(slots=True)
class Faults:
    """What is wrong at the moment. Set a field at any time: it holds at once, for all clients.

    Not for other threads than that of the server's event loop.

    Args:
        refuse: How the next handshakes are refused, or `None`.
        drop_on_accept: Whether TCP ends right after each handshake, without a close frame.
        stop_reading: Whether nothing is read from clients, so that TCP pushes back on them.
        ignore_pings: Whether pings are left without a pong.
        delay: Seconds from the arrival of each request to its response.

    Raises:
        ConfigError: A value is of the wrong type, or out of range; also when it is set later.
    """

    refuse: Refusal | None = None
    drop_on_accept: bool = False
    stop_reading: bool = False
    ignore_pings: bool = False
    delay: float = 0.0
    listeners: list[Callable[[], object]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )
    """Called, with nothing, after each change."""
    _refused: int = field(default=0, init=False, repr=False, compare=False)

    def __setattr__(self, name: str, value: Any) -> None:
        _check(name, value)
        object.__setattr__(self, name, value)
        if name == "refuse":
            self._refused = 0
        if name in _NAMES:
            self._tell()

    def reset(self) -> None:
        """Have nothing be wrong any more."""
        for name in _NAMES:
            setattr(self, name, _DEFAULTS[name])

    @property
    def active(self) -> tuple[str, ...]:
        """The names of the faults that are on."""
        return tuple(name for name in _NAMES if getattr(self, name) != _DEFAULTS[name])

    def take_refusal(self) -> Refusal | None:
        """Return how the handshake that has just come is refused, and count it; or `None`."""
        refusal = self.refuse
        if refusal is not None:
            self._refused += 1
            if self._refused == refusal.times:
                self.refuse = None
        return refusal

    def _tell(self) -> None:
        for listener in tuple(getattr(self, "listeners", ())):  # none yet while it is made
            listener()


_DEFAULTS: dict[str, Any] = {each.name: each.default for each in fields(Faults) if each.init}
_NAMES = tuple(_DEFAULTS)


def _check(name: str, value: Any) -> None:
    if name == "refuse":
        check_type(name, value, Refusal)
    elif name == "delay":
        check_number(name, value, least=0)
    elif name in ("drop_on_accept", "stop_reading", "ignore_pings"):
        check_choice(name, value, (True, False))
