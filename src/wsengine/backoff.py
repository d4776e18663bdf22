"""A reconnect policy at work: what is counted, and when the next dial is due."""

from __future__ import annotations

import enum
import random
from collections.abc import Callable, Iterator

from .close import Close
from .errors import ConnectionClosed, EngineFailedError
from .reconnect import Fatal, ReconnectPolicy


class Ending(enum.Enum):
    """Why a session ended, as far as the next dial is concerned."""

    LOST = "lost"
    """By itself: the policy judges how."""
    ASKED = "asked"
    """The program asked for a fresh connection."""
    FAILED = "failed"
    """A callback raised, with `on_endpoint_error="restart"`."""


class Backoff:
    """A policy at work: counts failed attempts, and tells the delay before the next one.

    Args:
        policy: The policy, or `None`: every end is then the last one.
        draw: Returns a number in [0, 1), for the jitter.
    """

    def __init__(
        self, policy: ReconnectPolicy | None, draw: Callable[[], float] = random.random
    ) -> None:
        self.failures = 0
        """Failed attempts in a row."""
        self._policy = policy
        # Restarts that the program wants are paced also where nothing else is dialled again.
        self._pace = ReconnectPolicy() if policy is None else policy
        self._draw = draw
        self._delays: Iterator[float] | None = None

    def reset(self) -> None:
        """Begin anew: the last session was a good one."""
        self.failures = 0
        self._delays = None

    def after_failure(self, error: Exception, told: str | None = None) -> float:
        """Count a failed open, and return the seconds until the next attempt.

        Args:
            error: Why.
            told: The same in words, where the error's own are not enough.

        Raises:
            EngineFailedError: There is none.
        """
        self.failures += 1
        return self._next(error, error, told or str(error))

    def after_session(self, close: Close, uptime: float, ending: Ending) -> float:
        """Return the seconds between the end of a session and the next dial.

        Args:
            close: How the session ended.
            uptime: Seconds that it lasted. A session shorter than `min_uptime` counts as a
                failed attempt.
            ending: Why. What was asked for, or came of a callback that failed, is not judged;
                after a session that lasted, the next dial comes at once.

        Raises:
            EngineFailedError: There is no next dial.
        """
        cause = ConnectionClosed(close)
        lasted = uptime >= self._pace.min_uptime
        if lasted:
            self.reset()
        else:
            self.failures += 1
        if ending is Ending.LOST:
            return self._next(close, cause, str(cause))
        if lasted:
            return 0.0
        delay = self._next_delay()
        if delay is not None:
            return delay
        if ending is Ending.FAILED:
            raise self._gave_up(cause, str(cause))
        return self._pace.max_delay  # who asks for it is not refused

    def _next(self, end: Exception | Close, cause: Exception, told: str) -> float:
        if self._policy is None:
            raise EngineFailedError(f"{told}; reconnect=None, so the engine stopped") from cause
        try:
            verdict = self._policy.judge(end)
        except Exception as error:
            raise EngineFailedError(f"{told}; and classify failed: {error!r}") from error
        if isinstance(verdict, Fatal):
            raise EngineFailedError(f"{told}; dialling again cannot help") from cause
        delay = self._next_delay()
        if delay is None:
            raise self._gave_up(cause, told)
        return verdict.after + delay

    def _next_delay(self) -> float | None:
        """Return the policy's next delay, or `None` where its attempts are used up."""
        if self._delays is None:
            self._delays = self._pace.delays(self._draw)
        return next(self._delays, None)

    def _gave_up(self, cause: Exception, told: str) -> EngineFailedError:
        error = EngineFailedError(
            f"{told}; gave up after {self._pace.max_attempts} attempts in a row (max_attempts)"
        )
        error.__cause__ = cause
        return error
