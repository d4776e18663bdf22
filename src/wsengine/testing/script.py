"""The words of a script: what a dial gets, and what happens on the connection then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..adapter import Handshake
from ..message import Message


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait some seconds before the next step."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ReadFails:
    """A `receive` raises an error, and the connection lives on."""

    error: Exception


@dataclass(frozen=True, slots=True)
class CloseWith:
    """The server closes, with a close frame."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Lose:
    """The connection is lost, without a close frame."""


Step: TypeAlias = Message | Delay | ReadFails | CloseWith | Lose


class Accept:
    """A dial that succeeds.

    Args:
        *steps: What happens on the connection: messages (`str`, `bytes`), `Delay`,
            `ReadFails`, `CloseWith`, `Lose`.
        after: Seconds that the dial takes.
        handshake: The server's answer.
    """

    def __init__(
        self, *steps: Step, after: float = 0.0, handshake: Handshake | None = None
    ) -> None:
        self.steps: Sequence[Step] = steps
        self.after = after
        self.handshake = handshake or Handshake()


@dataclass(frozen=True, slots=True)
class Refuse:
    """A dial that fails, after some seconds."""

    error: Exception
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Hang:
    """A dial that never answers."""


Dial: TypeAlias = Accept | Refuse | Hang
