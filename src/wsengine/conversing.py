"""The side of an engine that sends: whatever the session, and also while there is none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from .callbacks import inside_callback
from .change import Change
from .codec import Codec, check_codec
from .config import EngineConfig
from .conversation import encoded
from .correlator import Correlator, check_company, check_correlator
from .errors import (
    ConfigError,
    ConnectionClosed,
    EngineStateError,
    RequestTimeoutError,
)
from .message import SendableMessage
from .outbox import Outbox
from .requests import Requests
from .session import Session
from .states import EngineState, Lifecycle, StateChange
from .subscriptions import Subscriptions
from .telemetry.tally import Tally
from .validation import check_choice, check_timeout

if TYPE_CHECKING:
    from .supervisor import Supervisor


class Conversing:
    """What `Engine` inherits in order to converse.

    Attributes:
        codec: The codec, or `None`.
        correlation: What the correlator can do, or `None`.
        subscriptions: What the engine is to be subscribed to.
        outbox: The messages that wait for a connection, and how many were dropped.
    """

    def __init__(
        self,
        name: str,
        config: EngineConfig,
        codec: Codec | None,
        correlator: Correlator | None,
        tally: Tally,
    ) -> None:
        self.name = name
        self.config = config
        self.codec = None if codec is None else check_codec(codec)
        self.correlation = None if correlator is None else check_correlator(correlator)
        if self.correlation is not None:
            check_company(correlator, self.correlation, self.codec, config)
        self.lifecycle = Lifecycle(name)
        self.lifecycle.listeners.append(self._follow)
        self.changed = Change()
        """Told when a session is open, when all that waited has been sent on it or need not be,
        when it is over, and when the engine is to stop."""
        self.to_send = Change()
        """Told when the task that sends has something to do."""
        self.subscriptions = Subscriptions(
            name,
            self._encode,
            self.to_send,
            self.changed,
            tally,
            can_acknowledge=self.correlation is not None,
            check_wait=self._check_wait,
        )
        self.outbox = Outbox(name, config, self.to_send, tally)
        self._supervisor: Supervisor | None = None

    def _encode(self, value: Any) -> SendableMessage:
        return encoded(self.codec, value)

    @property
    def state(self) -> EngineState:
        """Where the engine is in its life."""
        return self.lifecycle.state

    @property
    def session(self) -> Session | None:
        """The open session, or `None`."""
        if self._supervisor is None or self.state is not EngineState.OPEN:
            return None
        return self._supervisor.session

    async def send(
        self, message: Any, *, when_closed: Literal["raise", "wait", "queue"] = "raise"
    ) -> None:
        """Send a message on the open session, as `Session.send`.

        Args:
            message: The message.
            when_closed: What to do while no session is open. "raise" raises. "wait" waits for
                one, without a bound in time. "queue" keeps the message in the outbox and
                returns; the outbox is emptied, in order, after the subscriptions of the next
                session. With "wait" and "queue" a message whose connection breaks while it is
                sent is sent again: the server may see it twice.

        Raises:
            ConnectionClosed: The session is over ("raise").
            EngineStateError: No session is open ("raise"), the engine does not run or stops, a
                callback or a pause would wait for itself ("wait"), or the outbox is full and
                `outbox_policy` is "raise".
            TypeError: The message is neither text nor bytes, and there is no codec.
            Exception: What the codec raises for a value that it cannot encode.
        """
        check_choice("when_closed", when_closed, ("raise", "wait", "queue"))
        if when_closed == "queue":
            await self._send_or_queue(message)
        elif when_closed == "wait":
            await self._send_when_open(message)
        elif self.session is None:
            raise EngineStateError(
                f"send() needs an open session; this engine is {self.state.value}: "
                "when_closed='wait' waits for one, when_closed='queue' keeps the message; "
                "in on_open use session.send()"
            )
        else:
            await self.session.send(message)

    async def drain(self, *, timeout: float | None = None) -> None:
        """Wait until all that waits to be sent has been sent, over reconnects if need be.

        That is what has changed in the subscriptions, and then the outbox, which a stop would
        drop. It does not wait for acknowledgements: a subscription's `ready` does.

        Args:
            timeout: Seconds, or `None`: as long as it takes.

        Raises:
            TimeoutError: Not all was sent in time. What is left still waits.
            EngineStateError: The engine does not run, or stopped before all was sent; or a
                callback or a pause would wait for itself.
        """
        check_timeout(timeout)
        self._check_running("drain()")
        try:
            async with asyncio.timeout(timeout):
                while self.outbox or self.subscriptions.unsent:
                    await self._next_change("drain()")
                    if self.state is EngineState.STOPPED:  # the outbox is empty: it was dropped
                        self._check_running("drain()")
        except TimeoutError as error:
            raise TimeoutError(
                f"{self.name}: not all was sent within {timeout} s: "
                f"{len(self.outbox)} messages are left in the outbox"
            ) from error

    async def request(self, message: Any, *, timeout: float | None = 5.0) -> Any:
        """Send a request on the open session, and return the reply, as `Session.request`.

        Waits for a session first, within the same time-out. A request that was sent is not sent
        again when the session ends: it may have been carried out.

        Raises:
            EngineStateError: The engine does not run or stops, or a callback or a pause would
                wait for itself.
            RequestTimeoutError: No session was open, or no reply came, in time.
            Exception: As `Session.request`.
        """
        if self.correlation is None:
            raise ConfigError("request() needs a correlator: Engine(..., correlator=...)")
        check_timeout(timeout)
        identified = Requests(self.correlation).identify(message)  # or it is refused at once
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(timeout):
                session = await self._open_session("request()")
        except TimeoutError:
            age = round(loop.time() - began, 3)
            raise RequestTimeoutError(identified[1], age, sent=False, timeout=timeout) from None
        left = None if timeout is None else max(0.001, began + timeout - loop.time())
        try:
            return await session.ask(message, left, identified)
        except RequestTimeoutError as error:
            age = round(loop.time() - began, 3)
            raise RequestTimeoutError(error.request_id, age, timeout=timeout) from None

    async def _send_when_open(self, message: Any) -> None:
        while True:
            session = await self._open_session("send()")
            try:
                return await session.send(message)
            except ConnectionClosed:
                if session.usable:
                    raise  # it is not the connection that says so

    async def _send_or_queue(self, message: Any) -> None:
        message, ticket = encoded(self.codec, message), self.outbox.ticket()
        self._check_running("send()")
        behind = self.outbox or self.subscriptions.due or self.subscriptions.sending
        if self._usable is None or behind:
            self.outbox.put(message, ticket)
            await asyncio.sleep(0)  # so that a loop of these does not keep the outbox from going
            return
        try:
            await self._usable.transmit(message)
        except ConnectionClosed:
            self._check_running("send()")
            self.outbox.put(message, ticket)

    @property
    def _usable(self) -> Session | None:
        """The open session, unless its end is known already, be it only to who has sent."""
        session = self.session
        return session if session is not None and session.usable else None

    async def _open_session(self, what: str) -> Session:
        while (session := self._usable) is None:
            await self._next_change(what)
        return session

    async def _next_change(self, what: str) -> None:
        self._check_running(what)
        self._check_wait(what)
        await self.changed.wait()

    def _check_wait(self, what: str) -> None:
        """Refuse to wait for the next session where that one waits for the caller."""
        if self._usable is not None:
            return
        if inside_callback(self):
            raise EngineStateError(
                f"{what} inside a callback cannot wait for the next session, which waits for "
                "the callback; use the session that the callback has, or do it in a task of "
                "another context: asyncio.create_task(..., context=contextvars.Context())"
            )
        if self.session is not None and self.session.is_paused_here:
            raise EngineStateError(
                f"{what} inside a pause cannot wait for the next session: the connection is "
                "closed, and nobody but the pause reads that; do it after the pause"
            )

    def _check_running(self, what: str) -> None:
        state = self.state
        at_rest = state in (EngineState.IDLE, EngineState.STOPPED)
        if at_rest or self._supervisor is None or self._supervisor.exiting:
            is_what = state.value if at_rest else "stopping"
            failure = None if self._supervisor is None else self._supervisor.failure
            why = "" if failure is None else f": {failure}"
            raise EngineStateError(
                f"{what} needs a running engine; this one is {is_what}{why}"
            ) from failure

    def _follow(self, change: StateChange) -> None:
        if change.state is EngineState.STOPPED:
            self.outbox.clear()
            self.subscriptions.stopped()
        self.changed.tell()
