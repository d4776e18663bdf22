"""Handlers that an endpoint has been given by its decorators."""

from __future__ import annotations

import contextlib
import inspect
import logging
from collections.abc import Callable
from types import UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, TypeVar

from .errors import ConfigError, ConnectionClosed

if TYPE_CHECKING:
    from .close import Close
    from .endpoint import RestartFailure
    from .engine import Engine
    from .session import Session

logger = logging.getLogger(__name__)

Kind: TypeAlias = type[Any] | UnionType | tuple[type[Any], ...]
"""What `isinstance` takes: a class, `A | B`, or a tuple of classes."""


class OpenHandler(Protocol):
    """A function for `on_open`."""

    def __call__(self, session: Session, /, *, restarting: bool) -> Any:
        """A connection is open."""


H = TypeVar("H", bound=Callable[..., Any])
Check: TypeAlias = "Callable[[str, Callable[..., Any]], None]"
MessageHandler: TypeAlias = "Callable[[Session, Any], Any]"
Predicate: TypeAlias = Callable[[Any], object]

OnOpen = TypeVar("OnOpen", bound=OpenHandler)
OnMessage = TypeVar("OnMessage", bound="Callable[[Session, Any], Any]")
OnError = TypeVar("OnError", bound="Callable[[Session, Exception], Any]")
OnClose = TypeVar("OnClose", bound="Callable[[Session, Close], Any]")
OnRestartError = TypeVar("OnRestartError", bound="Callable[[Engine, RestartFailure], Any]")

CALLS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "on_open": (("session",), ("restarting",)),
    "on_message": (("session", "message"), ()),
    "on_close": (("session", "close"), ()),
    "on_read_error": (("session", "error"), ()),
    "on_close_error": (("session", "error"), ()),
    "on_restart_error": (("engine", "failure"), ()),
}
"""What each callback is called with, by position and by name."""


class Rule(NamedTuple):
    """A handler of `on_message`, and which messages are its own."""

    kind: Kind
    when: Predicate | None
    handle: MessageHandler


class Handlers:
    """The handlers of one endpoint. Nothing here belongs to a session: engines can share it.

    Attributes:
        on_message: What to call with each message. It gives the message to the first handler
            that it fits, or else to the catch-all.
    """

    def __init__(self) -> None:
        self.on_message: MessageHandler = self._dispatch
        self._given: list[tuple[str, Callable[..., Any]]] = []
        self._checks: list[Check] = []
        self._others: dict[str, Callable[..., Any]] = {}
        self._rules: list[Rule] = []
        self._catch_all: MessageHandler | None = None
        self._rules_of: dict[type[Any], list[Rule]] = {}  # what is left for a type of messages
        self._unhandled: set[type[Any]] = set()

    def require(self, check: Check) -> None:
        """Have each handler pass `check`, called with its callback's name: now, and any to come.

        Raises:
            Exception: What `check` raises for one that is there.
        """
        for name, handler in self._given:
            check(name, handler)
        if check not in self._checks:
            self._checks.append(check)

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call the handler of a callback other than `on_message`, if there is one."""
        handler = self._others.get(name)
        return None if handler is None else handler(*args, **kwargs)

    def add(self, name: str, handler: H) -> H:
        """Add a handler of a callback other than `on_message`, and return it.

        Raises:
            ConfigError: It cannot be called so, or there is one already.
        """
        self._check(name, handler)
        if name in self._others:
            raise ConfigError(
                f"{name}={handler!r}: there is a handler already, {self._others[name]!r}; "
                "only on_message can have several"
            )
        self._others[name] = handler
        self._given.append((name, handler))
        return handler

    def add_for_messages(self, handler: H, kind: Kind | None, when: Predicate | None) -> H:
        """Add a handler of `on_message`, and return it.

        Raises:
            ConfigError: It cannot be called so, or there is a catch-all already.
        """
        self._check("on_message", handler)
        if kind is not None or when is not None:
            self._rules.append(Rule(object if kind is None else kind, when, answering(handler)))
        elif self._catch_all is None:
            self._catch_all = answering(handler)
        else:
            raise ConfigError(
                f"on_message={handler!r}: there is a handler for all messages already, and "
                "this one would never be called; give it kind=... or when=..."
            )
        self._given.append(("on_message", handler))
        self._rules_of.clear()
        only_catch_all = None if self._rules else self._catch_all
        self.on_message = only_catch_all or self._dispatch
        return handler

    def _check(self, name: str, handler: Any) -> None:
        check_handler(name, handler)
        for check in self._checks:
            check(name, handler)

    def _dispatch(self, session: Session, message: Any) -> Any:
        rules = self._rules_of.get(type(message))
        if rules is None:
            rules = self._find_rules(message)
        for _, when, handle in rules:
            if when is None or when(message):
                return handle(session, message)
        if type(message) not in self._unhandled:
            self._unhandled.add(type(message))
            logger.debug("no handler of on_message for a %s", type(message).__name__)
        return None

    def _find_rules(self, message: Any) -> list[Rule]:
        rules = [rule for rule in self._rules if isinstance(message, rule.kind)]
        if self._catch_all is not None:
            rules.append(Rule(object, None, self._catch_all))
        self._rules_of[type(message)] = rules
        return rules


def answering(handler: MessageHandler) -> MessageHandler:
    """Return a handler whose results are sent, one that the engine can call."""
    if _answers_nothing(handler):
        return handler

    def handle(session: Session, message: Any) -> Any:
        result = handler(session, message)
        return None if result is None else _answer(session, result)

    return handle


async def _answer(session: Session, result: Any) -> None:
    if inspect.isawaitable(result):
        result = await result
    if inspect.isasyncgen(result):
        async with contextlib.aclosing(result) as values:
            async for value in values:
                if not await _sent(session, value):
                    return
    elif inspect.isgenerator(result):
        with contextlib.closing(result) as values:
            for value in values:
                if not await _sent(session, value):
                    return
    elif result is not None:
        await _sent(session, result)


async def _sent(session: Session, value: Any) -> bool:
    """Send an answer; return whether there is still somebody to send to."""
    if value is None:
        return True
    try:
        await session.send(value)
    except ConnectionClosed as error:
        # Nobody's mistake: a handler that answers by returning could not catch it either.
        logger.info("%r: an answer was not sent: %s", session, error)
        return False
    return True


def _answers_nothing(handler: MessageHandler) -> bool:
    signature = _signature(handler)
    return signature is not None and signature.return_annotation in (None, "None")


def _signature(function: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError, NameError):  # not known: it is written in C, for example
        return None


def check_handler(name: str, handler: Any) -> None:
    """Check that a handler can be called as the callback of that name is.

    Raises:
        ConfigError: It cannot.
    """
    positional, named = CALLS[name]
    call = f"{name}({', '.join([*positional, *(f'{each}=...' for each in named)])})"
    if not callable(handler) or isinstance(handler, type):
        hint = "; a kind is given by name: on_message(kind=...)" * (name == "on_message")
        raise ConfigError(f"{name}={handler!r}: must be a function{hint}")
    signature = _signature(handler)
    if signature is None:
        return
    try:
        signature.bind(*positional, **dict.fromkeys(named))
    except TypeError as error:
        raise ConfigError(f"{name}={handler!r}: is called as {call}: {error}") from error


def check_rule(kind: Any, when: Any) -> None:
    """Check what a handler of `on_message` is to be called for.

    Raises:
        ConfigError: `kind` is nothing for `isinstance`, or `when` cannot be called.
    """
    if kind is not None:
        try:
            isinstance(None, kind)
        except TypeError as error:
            raise ConfigError(
                f"kind={kind!r}: must be a class, or several as A | B: {error}"
            ) from error
    if when is not None and (not callable(when) or inspect.iscoroutinefunction(when)):
        raise ConfigError(f"when={when!r}: must be a function of the message, and no `async def`")
