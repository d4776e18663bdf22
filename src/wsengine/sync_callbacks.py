"""The user's side of a `SyncEngine`: the six callbacks, as plain functions.

It is `Endpoint`, and nothing is added to it. But a type checker is told another story: that
sessions and engines are those of plain functions. It holds an override against the callbacks of
every base, so to it `SyncEndpoint` is no `Endpoint`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from .endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol, TypeVar, overload

    from .close import Close
    from .endpoint import (
        RestartFailure,
        _DecoratesClose,
        _DecoratesCloseError,
        _DecoratesMessage,
        _DecoratesOpen,
        _DecoratesReadError,
        _DecoratesRestartError,
    )
    from .handlers import Kind, Predicate
    from .sync import SyncEngine
    from .sync_session import SyncSession

    class OpenHandler(Protocol):
        """A function for `on_open`."""

        def __call__(self, session: SyncSession, /, *, restarting: bool) -> Any:
            """A connection is open."""

    OnOpen = TypeVar("OnOpen", bound=OpenHandler)
    OnMessage = TypeVar("OnMessage", bound=Callable[[SyncSession, Any], Any])
    OnError = TypeVar("OnError", bound=Callable[[SyncSession, Exception], Any])
    OnClose = TypeVar("OnClose", bound=Callable[[SyncSession, Close], Any])
    OnRestartError = TypeVar("OnRestartError", bound=Callable[[SyncEngine, RestartFailure], Any])

    class _Callbacks:
        @overload
        def on_open(self, session: SyncSession, *, restarting: bool) -> Any: ...
        @overload
        def on_open(self: _DecoratesOpen, session: OnOpen, /) -> OnOpen: ...
        def on_open(self, session: Any, *, restarting: Any = ...) -> Any:
            """As `Endpoint.on_open`."""

        @overload
        def on_message(self, session: SyncSession, message: Any) -> Any: ...
        @overload
        def on_message(self: _DecoratesMessage, session: OnMessage, /) -> OnMessage: ...
        @overload
        def on_message(
            self: _DecoratesMessage, *, kind: Kind | None = None, when: Predicate | None = None
        ) -> Callable[[OnMessage], OnMessage]: ...
        def on_message(
            self, session: Any = ..., message: Any = ..., kind: Any = ..., when: Any = ...
        ) -> Any:
            """As `Endpoint.on_message`."""

        @overload
        def on_read_error(self, session: SyncSession, error: Exception) -> Any: ...
        @overload
        def on_read_error(self: _DecoratesReadError, session: OnError, /) -> OnError: ...
        def on_read_error(self, session: Any, error: Any = ...) -> Any:
            """As `Endpoint.on_read_error`."""

        @overload
        def on_close(self, session: SyncSession, close: Close) -> Any: ...
        @overload
        def on_close(self: _DecoratesClose, session: OnClose, /) -> OnClose: ...
        def on_close(self, session: Any, close: Any = ...) -> Any:
            """As `Endpoint.on_close`."""

        @overload
        def on_close_error(self, session: SyncSession, error: Exception) -> Any: ...
        @overload
        def on_close_error(self: _DecoratesCloseError, session: OnError, /) -> OnError: ...
        def on_close_error(self, session: Any, error: Any = ...) -> Any:
            """As `Endpoint.on_close_error`."""

        @overload
        def on_restart_error(self, engine: SyncEngine, failure: RestartFailure) -> Any: ...
        @overload
        def on_restart_error(
            self: _DecoratesRestartError, engine: OnRestartError, /
        ) -> OnRestartError: ...
        def on_restart_error(self, engine: Any, failure: Any = ...) -> Any:
            """As `Endpoint.on_restart_error`."""

else:
    _Callbacks = Endpoint


class SyncEndpoint(_Callbacks):
    """An `Endpoint` for a `SyncEngine`: override the callbacks that you need, or decorate.

    ::

        class Ticker(SyncEndpoint):
            def on_message(self, session: SyncSession, message: str) -> None: ...

    The same callbacks, of plain `def` each; see there. `Endpoint` itself will do as well, where
    no type checker looks: to one, its sessions are those of `Engine`.
    """

    for_sync_engine: ClassVar[bool] = True
    """Tells an `Engine`, which would call it on the event loop, that this is a mistake."""
