"""The user's side: an object with six callbacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .close import Close

if TYPE_CHECKING:
    from .engine import Engine
    from .session import Session


@dataclass(frozen=True, slots=True)
class RestartFailure:
    """One failed attempt to reopen the connection.

    Args:
        error: Why it failed: a `ConnectError`, or what `on_open` raised.
        attempt: The number of failed attempts in a row, from 1.
        next_delay: Seconds until the next attempt, or `None` where the engine gives up.
    """

    error: Exception
    attempt: int
    next_delay: float | None


class Endpoint:
    """What happens on a connection. Override the callbacks that you need.

    Each may be `async def` or plain `def`; a plain `def` is called directly on the event
    loop. A callback that raises is logged with its traceback, and the engine goes on, or
    restarts or exits, as `EngineConfig.on_endpoint_error` says; `on_open` raising fails
    that open.

    Any object with these six methods will do; this class has no state of its own.
    """

    def on_open(self, session: Session, *, restarting: bool) -> Any:
        """A connection is open; no message has been read from it yet.

        Subscribe here: after every reconnect it runs again. Returns before the first
        `on_message`; bounded, with the dial, by `open_timeout`, and cancelled then.

        Args:
            session: The new session.
            restarting: `False` for the first session since `start()`.

        Raises:
            Exception: Anything: the open has failed, and the connection is closed.
        """

    def on_message(self, session: Session, message: Any) -> Any:
        """A message came: `str` for text, `bytes` for binary.

        Up to `workers` calls run at once; they start in the order of arrival. Cancelled if it
        still runs when half of `stop_timeout` is over after an exit or restart.
        """

    def on_read_error(self, session: Session, error: Exception) -> Any:
        """A read failed, but the connection did not close. Reading goes on after it."""

    def on_close(self, session: Session, close: Close) -> Any:
        """The session has ended; every `on_message` of it is done. Called exactly once.

        Args:
            session: The session. Where the client began the close it can still send.
            close: How it ended; `close.client_initiated` tells who began it.

        Returns:
            The `Close` to send to the server, or `None` for 1001 (going away). Used only
            where the client began the close: a server's close frame is echoed already.
        """

    def on_close_error(self, session: Session, error: Exception) -> Any:
        """Closing the connection failed. The connection is gone all the same."""

    def on_restart_error(self, engine: Engine, failure: RestartFailure) -> Any:
        """An attempt to open the connection failed; the next one follows as `failure` says.

        The delay begins when this returns; it is cancelled after `stop_timeout`.
        """
