"""A policy for feeds of which only the latest matters."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from .errors import ConfigError


@dataclass(frozen=True, slots=True)
class conflate:  # noqa: N801 - it reads as a word of the configuration: conflate(key)
    """A backlog policy: of the messages with one key only the newest waits.

    It takes the place of the older one, which is dropped. So a handler that is too slow for the
    feed sees the latest of each key, in the order in which the keys came first. At the bounds of
    the backlog, which then count keys, reading stops as with "wait".

    Args:
        key: A function of a message that returns its key, or `None` for a message that must not
            be dropped. With a codec it is called with what the codec made of the message.

    Raises:
        ConfigError: `key` cannot be called.
    """

    key: Callable[[Any], Hashable | None]

    def __post_init__(self) -> None:
        if not callable(self.key):
            raise ConfigError(f"conflate({self.key!r}): must be a function of a message")
