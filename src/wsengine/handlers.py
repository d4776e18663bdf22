"""Handlers that an endpoint has been given by its decorators."""

from __future__ import annotations

import inspect
import logging
from abc import ABCMeta
from collections.abc import Callable
from types import UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, TypeVar

from .answers import MessageHandler, answering, answers_nothing, signature_of
from .errors import ConfigError
from .validation import is_generator_function

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
            kind = object if kind is None else kind
            if not _depends_on_type(kind):  # so it is asked of each message, as `when` is
                kind, when = object, _both(kind, when)
            self._rules.append(Rule(kind, when, answering(handler)))
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


def _depends_on_type(kind: Any) -> bool:
    """Return whether `isinstance` looks at the type of an object alone: a protocol may not."""
    if isinstance(kind, tuple | UnionType):
        return all(map(_depends_on_type, kind if isinstance(kind, tuple) else kind.__args__))
    by_type: tuple[object, ...] = (type.__instancecheck__, ABCMeta.__instancecheck__)
    return type(kind).__instancecheck__ in by_type


def _both(kind: Kind, when: Predicate | None) -> Predicate:
    def fits(message: Any) -> bool:
        return isinstance(message, kind) and (when is None or bool(when(message)))

    return fits


def check_no_yield(name: str, callback: Any) -> None:
    """Check that something is done when a callback is called.

    Raises:
        ConfigError: It has `yield`: calling it only makes a generator.
    """
    if is_generator_function(callback):
        raise ConfigError(
            f"{name}={callback!r}: has `yield`, so that nothing is done when it is called; call "
            "session.send(...) for each value (only a handler that @endpoint.on_message decorates "
            "answers by `yield`)"
        )


def check_handler(name: str, handler: Any) -> None:
    """Check that a handler can be called as the callback of that name is.

    Raises:
        ConfigError: It cannot, or what it yields would get lost.
    """
    positional, named = CALLS[name]
    call = f"{name}({', '.join([*positional, *(f'{each}=...' for each in named)])})"
    if not callable(handler) or isinstance(handler, type):
        hint = "; a kind is given by name: on_message(kind=...)" * (name == "on_message")
        raise ConfigError(f"{name}={handler!r}: must be a function{hint}")
    if name != "on_message":
        check_no_yield(name, handler)
    elif is_generator_function(handler) and answers_nothing(handler):
        raise ConfigError(
            f"{name}={handler!r}: has `yield`, and its return annotation is `None`, which says "
            "that it answers nothing; annotate it as Iterator[...] or AsyncIterator[...], or not "
            "at all"
        )
    signature = signature_of(handler)
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
