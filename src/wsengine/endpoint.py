"""The user's side: an object with six callbacks.

Each callback of `Endpoint` is a method in two roles: the engine calls it with all its
arguments, and with a function alone, or with nothing but `kind` and `when`, it is a decorator.
So a class that overrides it is an ordinary class with an ordinary method, at no cost; and the
name of the callback is all that either style has to know.

For type checkers the decorator is there only where the callback has not been overridden: its
`self` must have the callback as a decorator, which an override is not. So an override is held
against the callback alone, and a decorated function keeps its type.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, overload

from .close import Close
from .handlers import (
    Check,
    H,
    Handlers,
    Kind,
    OnClose,
    OnError,
    OnMessage,
    OnOpen,
    OnRestartError,
    Predicate,
    check_rule,
)

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


_MISSING: Final[Any] = object()


class Endpoint:
    """What happens on a connection. Override the callbacks that you need, or decorate.

    ::

        class Ticker(Endpoint):
            async def on_message(self, session, message): ...

        endpoint = Endpoint()


        @endpoint.on_message(kind=Trade)
        async def on_trade(session, trade): ...

    Each may be `async def` or plain `def`; a plain `def` is called directly on the event
    loop. A callback that raises is logged with its traceback, and the engine goes on, or
    restarts or exits, as `EngineConfig.on_endpoint_error` says; `on_open` raising fails
    that open.

    Any object with these six methods will do; this class has no state of its own, but for
    what decorators have registered. Of each callback but `on_message` there can be one handler.
    Decorators raise `ConfigError` for a second one, and for a function that cannot be called
    with the callback's arguments.
    """

    # Made when needed: a subclass may forget super().__init__(). Mangled, as all that is private
    # here: a subclass is likely to have a `_handlers` of its own.
    __handlers: Handlers | None = None

    @overload
    def on_open(self, session: Session, *, restarting: bool) -> Any: ...
    @overload
    def on_open(self: _DecoratesOpen, session: OnOpen, /) -> OnOpen: ...
    def on_open(self, session: Any, *, restarting: Any = _MISSING) -> Any:
        """A connection is open; no message has been read from it yet.

        Log in here, and send what each connection needs: after every reconnect it runs again.
        (So `engine.subscriptions.add` is to be called elsewhere: the engine sends what was added
        again by itself, and here each call would want it once more.) Returns before the first
        `on_message`; bounded, with the dial, by `open_timeout`, and cancelled then.

        Args:
            session: The new session.
            restarting: `False` for the first session since `start()`.

        Raises:
            Exception: Anything: the open has failed, and the connection is closed.
        """
        if restarting is _MISSING:
            return self.__own_handlers().add("on_open", session)
        return self.__call("on_open", session, restarting=restarting)

    @overload
    def on_message(self, session: Session, message: Any) -> Any: ...
    @overload
    def on_message(self: _DecoratesMessage, session: OnMessage, /) -> OnMessage: ...
    @overload
    def on_message(
        self: _DecoratesMessage, *, kind: Kind | None = None, when: Predicate | None = None
    ) -> Callable[[OnMessage], OnMessage]: ...
    def on_message(
        self,
        session: Any = _MISSING,
        message: Any = _MISSING,
        # By name only, as above; saying so here too would make every call slower.
        kind: Kind | None = None,
        when: Predicate | None = None,
    ) -> Any:
        """A message came: `str` for text, `bytes` for binary, or what the codec decoded.

        Up to `workers` calls run at once; they start in the order of arrival. Cancelled if it
        still runs when half of `stop_timeout` is over after an exit or restart.

        As a decorator it takes any number of handlers. A message goes to the first registered
        one that it fits, or else to the one without `kind` and `when`, or else nowhere. What a
        decorated handler returns, or yields one by one, is sent, unless it is `None`; nothing
        is sent, nor looked for, where its return annotation is `None`. One that yields is ended
        when the session is over. A method that overrides this one must not have `yield`.

        Args:
            session: The session.
            message: The message.
            kind: As a decorator: the class of the messages, or several as `A | B`.
            when: As a decorator: called with the message; whether the handler is for it.
        """
        if message is not _MISSING:
            handlers = self.__handlers
            return None if handlers is None else handlers.on_message(session, message)
        check_rule(kind, when)
        add = functools.partial(self.__own_handlers().add_for_messages, kind=kind, when=when)
        return add if session is _MISSING else add(session)

    @overload
    def on_read_error(self, session: Session, error: Exception) -> Any: ...
    @overload
    def on_read_error(self: _DecoratesReadError, session: OnError, /) -> OnError: ...
    def on_read_error(self, session: Any, error: Any = _MISSING) -> Any:
        """A read failed, but the connection did not close. Reading goes on after it."""
        return self.__call_or_add("on_read_error", session, error)

    @overload
    def on_close(self, session: Session, close: Close) -> Any: ...
    @overload
    def on_close(self: _DecoratesClose, session: OnClose, /) -> OnClose: ...
    def on_close(self, session: Any, close: Any = _MISSING) -> Any:
        """The session has ended; every `on_message` of it is done. Called exactly once.

        Args:
            session: The session. Where the client began the close it can still send.
            close: How it ended; `close.client_initiated` tells who began it.

        Returns:
            The `Close` to send to the server, or `None` for 1001 (going away). Used only
            where the client began the close: a server's close frame is echoed already.
        """
        return self.__call_or_add("on_close", session, close)

    @overload
    def on_close_error(self, session: Session, error: Exception) -> Any: ...
    @overload
    def on_close_error(self: _DecoratesCloseError, session: OnError, /) -> OnError: ...
    def on_close_error(self, session: Any, error: Any = _MISSING) -> Any:
        """Closing the connection failed. The connection is gone all the same."""
        return self.__call_or_add("on_close_error", session, error)

    @overload
    def on_restart_error(self, engine: Engine, failure: RestartFailure) -> Any: ...
    @overload
    def on_restart_error(
        self: _DecoratesRestartError, engine: OnRestartError, /
    ) -> OnRestartError: ...
    def on_restart_error(self, engine: Any, failure: Any = _MISSING) -> Any:
        """An attempt to open the connection failed; the next one follows as `failure` says.

        The delay begins when this returns; it is cancelled after `stop_timeout`.
        """
        return self.__call_or_add("on_restart_error", engine, failure)

    # Inside.

    def __own_handlers(self) -> Handlers:
        if self.__handlers is None:
            self.__handlers = Handlers()
        return self.__handlers

    def __call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return None if self.__handlers is None else self.__handlers.call(name, *args, **kwargs)

    def __call_or_add(self, name: str, subject: Any, argument: Any) -> Any:
        if argument is _MISSING:
            return self.__own_handlers().add(name, subject)
        return self.__call(name, subject, argument)


def require_of_handlers(endpoint: Endpoint, check: Check) -> None:
    """Have what an endpoint's decorators are given pass `check`; see `Handlers.require`."""
    friend: Any = endpoint
    friend._Endpoint__own_handlers().require(check)  # noqa: SLF001 - see the mangled names above


# What `self` must be for a callback to be a decorator: see above.


class _DecoratesOpen(Protocol):
    def on_open(self, handler: H, /) -> H: ...


class _DecoratesMessage(Protocol):
    def on_message(self, handler: H, /) -> H: ...


class _DecoratesReadError(Protocol):
    def on_read_error(self, handler: H, /) -> H: ...


class _DecoratesClose(Protocol):
    def on_close(self, handler: H, /) -> H: ...


class _DecoratesCloseError(Protocol):
    def on_close_error(self, handler: H, /) -> H: ...


class _DecoratesRestartError(Protocol):
    def on_restart_error(self, handler: H, /) -> H: ...
