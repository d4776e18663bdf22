"""When to dial again, and when to give up: the reconnect policy.

Delays are a pure generator: exponential growth, capped, with jitter. "Full jitter" (the
default) draws each delay between zero and the bound, so that clients that lost the same
server together do not come back together.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from .close import Close, CloseCode
from .errors import (
    ConfigError,
    ConnectError,
    ConnectionClosed,
    MissingDependencyError,
)
from .validation import check_number, check_whole, refuse

TRY_LATER_DELAY = 2.0
"""Seconds to wait at least after a close 1012 (service restart) or 1013 (try again later)."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Verdict: dial again.

    Args:
        after: Seconds to wait at least; the policy's own delay comes on top, so that
            clients that were given the same time spread out.
    """

    after: float = 0.0

    def __post_init__(self) -> None:
        check_number("after", self.after, least=0)


@dataclass(frozen=True, slots=True)
class Fatal:
    """Verdict: dialling again cannot help; the engine stops with this end as the cause."""


Verdict: TypeAlias = Retry | Fatal

_FATAL_CODES = frozenset(
    {
        CloseCode.POLICY_VIOLATION,
        CloseCode.MANDATORY_EXTENSION,
        CloseCode.UNAUTHORIZED,
        CloseCode.FORBIDDEN,
    }
)
_LATER_CODES = frozenset({CloseCode.SERVICE_RESTART, CloseCode.TRY_AGAIN_LATER})
_RETRIED_STATUSES = frozenset({408, 425, 429})


def default_classify(end: Exception | Close) -> Verdict:
    """Judge a failed open (an exception) or the end of a session (a `Close`).

    Fatal: the handshake was refused with a status from 200 to 499 (not 408, 425 and 429),
    a value of yours is wrong (`ConfigError`), or the server closed with 1008, 1010, 3000 or
    3003. All else is retried, with the server's Retry-After where it sent one, and a while
    later after 1012 and 1013.
    """
    if isinstance(end, ConnectionClosed):
        end = end.close
    if isinstance(end, Close):
        if end.code in _FATAL_CODES and not end.client_initiated:
            return Fatal()
        return Retry(after=TRY_LATER_DELAY) if end.code in _LATER_CODES else Retry()
    if isinstance(end, ConfigError | MissingDependencyError):
        return Fatal()
    if isinstance(end, ConnectError):
        status = end.status
        # An interim answer (1xx) decides nothing; some libraries tell it as if it were the last.
        if status is not None and 200 <= status < 500 and status not in _RETRIED_STATUSES:
            return Fatal()
        return Retry(after=end.retry_after or 0.0)
    return Retry()


@dataclass(frozen=True, kw_only=True, slots=True)
class ReconnectPolicy:
    """How an engine comes back after a failed open or a lost session.

    Args:
        initial_delay: Seconds, the bound of the first delay.
        factor: What each bound is multiplied by to give the next; 1 keeps it constant.
        max_delay: Seconds, the bound that no delay exceeds (Retry-After may).
        max_retry_after: Seconds, the bound of what a server's Retry-After may ask for. A mistaken
            server must not send its clients away for years.
        jitter: The share of each delay that is random, 0 to 1. With 1 (full jitter) a delay
            lies between 0 and its bound, with 0 it is its bound.
        max_attempts: How many times in a row the engine redials without success before it
            gives up, or `None` for no bound.
        min_uptime: Seconds. A session shorter than this counts as a failed attempt, so that a
            server that accepts and drops is dialled ever more slowly.
        classify: Called with the exception of a failed open, or the `Close` of a session;
            answers `Retry()`, `Retry(after=seconds)` or `Fatal()`, or `None` for the default
            (`default_classify`).
    """

    initial_delay: float = 0.5
    factor: float = 2.0
    max_delay: float = 30.0
    max_retry_after: float = 3600.0
    jitter: float = 1.0
    max_attempts: int | None = None
    min_uptime: float = 5.0
    classify: Callable[[Exception | Close], Verdict | None] = default_classify

    def __post_init__(self) -> None:
        check_number("initial_delay", self.initial_delay, least=0)
        check_number("factor", self.factor, least=1)
        check_number("max_delay", self.max_delay, least=0)
        if self.max_delay < self.initial_delay:
            rule = f"must be at least initial_delay ({self.initial_delay:g})"
            raise refuse("max_delay", self.max_delay, rule)
        check_number("max_retry_after", self.max_retry_after, least=0)
        check_number("jitter", self.jitter, least=0)
        if self.jitter > 1:
            raise refuse("jitter", self.jitter, "must be a share between 0 and 1")
        check_whole("max_attempts", self.max_attempts, least=1, optional=True)
        check_number("min_uptime", self.min_uptime, least=0)
        if not callable(self.classify):
            raise refuse("classify", self.classify, "must be a function of an exception or Close")

    @classmethod
    def gowse(cls, base: float = 5, max_exponent: int = 1) -> ReconnectPolicy:
        """Return the delays that gowse documents: base^0, base^1, ... base^max_exponent seconds.

        They have no jitter, so clients that lost one server together redial it together.
        """
        check_number("base", base, least=1)
        check_whole("max_exponent", max_exponent, least=0)
        try:
            longest = float(base) ** max_exponent
        except OverflowError:
            rule = f"must leave base ** max_exponent a finite number of seconds (base={base:g})"
            raise refuse("max_exponent", max_exponent, rule) from None
        return cls(initial_delay=1.0, factor=base, max_delay=longest, jitter=0.0)

    def delays(self, draw: Callable[[], float] = random.random) -> Iterator[float]:
        """Generate the delays in seconds before each attempt in a row, `max_attempts` at most.

        Args:
            draw: Returns a number in [0, 1); give a function of your own for a fixed sequence.
        """
        bound = self.initial_delay
        attempt = 0
        while self.max_attempts is None or attempt < self.max_attempts:
            yield bound * (1 - self.jitter * (1 - draw()))
            bound = min(bound * self.factor, self.max_delay)
            attempt += 1

    def judge(self, end: Exception | Close) -> Verdict:
        """Return `classify`'s verdict, or the default one where it has none.

        Raises:
            ConfigError: `classify` answered something else.
        """
        verdict = None if self.classify is default_classify else self.classify(end)
        if verdict is None:
            verdict = default_classify(end)
            if isinstance(verdict, Retry) and verdict.after > self.max_retry_after:
                return Retry(after=self.max_retry_after)
            return verdict
        if not isinstance(verdict, Retry | Fatal):
            raise ConfigError(
                f"classify answered {verdict!r}: it must answer Retry(), Retry(after=seconds), "
                "Fatal() or None"
            )
        return verdict
