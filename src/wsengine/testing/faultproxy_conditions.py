"""What a fault proxy does to what passes through it, and what it has done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..validation import check_choice, check_number

Direction: TypeAlias = Literal["up", "down"]
"""Up is from the client to the server, down is from the server to the client."""

Cut: TypeAlias = Literal["fin", "rst"]
"""How a connection is cut: by a FIN to both sides, as a process that ends, or by a RST."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditions:
    """The state of the network; each lasts until it is changed.

    Args:
        blackhole: The direction in which nothing passes, "both", or `None`. The connections stay
            open on both sides, and neither is told. What was held passes when it is over, as TCP
            would send it again.
        delay: Seconds that everything is under way, each direction.
        jitter: Seconds, the bound of a random delay that comes on top. The order of bytes stays.
        rate: Bytes per second, for each direction of each connection, or `None`.
        split: Whether every byte is written by itself. TCP may still join some of them, where the
            receiver does not read in between.
        hold_handshake: Whether the first answer of the server is held, and so the handshake
            never ends. Connections that have had an answer are not concerned.

    Raises:
        ConfigError: A value breaks its rule.
    """

    blackhole: Literal["up", "down", "both"] | None = None
    delay: float = 0.0
    jitter: float = 0.0
    rate: float | None = None
    split: bool = False
    hold_handshake: bool = False

    def __post_init__(self) -> None:
        check_choice("blackhole", self.blackhole, (None, "up", "down", "both"))
        check_number("delay", self.delay, least=0)
        check_number("jitter", self.jitter, least=0)
        check_number("rate", self.rate, above=0, optional=True)
        check_choice("split", self.split, (True, False))
        check_choice("hold_handshake", self.hold_handshake, (True, False))

    def is_black(self, direction: Direction) -> bool:
        """Whether nothing passes in a direction."""
        return self.blackhole in {direction, "both"}


@dataclass(kw_only=True, slots=True)
class FaultCounts:
    """What a fault proxy has done so far. A chunk is what one read of a socket returned.

    Args:
        connections: Clients that have come.
        open: Those that are there now.
        dropped: Those that were dropped as they came, because `drop_next` asked for it.
        unreachable: Those that were dropped because the server could not be reached.
        cut_fin: Connections cut by `cut("fin")`.
        cut_rst: Connections cut by `cut("rst")`.
        bytes_up: Bytes passed on from clients.
        bytes_down: Bytes passed on from the server.
        corrupted: Bytes that were changed.
        held: Chunks that a blackhole held up.
        handshakes_held: Connections whose handshake was held up.
        delayed: Chunks that were delayed.
        throttled: Chunks that were passed on at a bounded rate.
        split: Chunks that were passed on byte by byte.
    """

    connections: int = 0
    open: int = 0
    dropped: int = 0
    unreachable: int = 0
    cut_fin: int = 0
    cut_rst: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    corrupted: int = 0
    held: int = 0
    handshakes_held: int = 0
    delayed: int = 0
    throttled: int = 0
    split: int = 0
