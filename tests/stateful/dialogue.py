"""An endpoint that asks, and notes what is wrong with what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Hashable
from typing import Any

from wsengine import (
    Close,
    ConnectionClosed,
    Endpoint,
    EngineStateError,
    RequestFailed,
    RequestTimeoutError,
    Session,
)

from .talker import TIMEOUT

REST = 0.7
"""Seconds that a handler of `{"rest": ...}` takes."""

TOIL = 10.0
"""Seconds that one of `{"toil": ...}` takes: a stop has to cut it off."""

KINDS = ("ask", "say", "rest", "toil", "wait")
"""What the server's messages are; the value is their number."""


def number_of(message: Any) -> int | None:
    """Return the number of a message; a reply that came late has none."""
    return next((message[kind] for kind in KINDS if kind in message), None)


class Asker(Endpoint):
    """Asks when it is told to, from inside its callbacks, and judges what comes of it.

    Args:
        workers: How many handlers may run at once.
        keys: How many keys there are, or 0: then messages are in one order.
    """

    def __init__(self, workers: int, keys: int = 0) -> None:
        self.workers = workers
        self.keys = keys
        self.running: list[tuple[Session, Any]] = []
        self.closed: list[Session] = []
        self.wrong: list[str] = []
        self.asked = 0
        self.ended = 0
        self.answered = 0
        self.sessions: list[Session] = []
        self.opened: list[Session] = []
        self.asks_in_on_open = False
        self.seen: list[int] = []

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        self.sessions.append(session)
        if restarting == (session.gap is None):
            self.wrong.append("gap and restarting do not agree")
        if self.asks_in_on_open:
            await self.ask(session)
        self.opened.append(session)

    async def on_message(self, session: Session, message: Any) -> None:
        self.judge_start(session, message)
        self.note(message)
        self.running.append((session, message))
        try:
            if "ask" in message:
                await self.ask(session)
            elif "wait" in message:
                with contextlib.suppress(EngineStateError):
                    await session.engine.send({"waited": 0}, when_closed="wait")
            elif "rest" in message or "toil" in message:
                await asyncio.sleep(REST if "rest" in message else TOIL)
        finally:
            self.running.remove((session, message))
            if session in self.closed:
                self.wrong.append(f"on_message {message} ran on after on_close")

    async def on_close(self, session: Session, close: Close) -> None:
        if session not in self.opened or session in self.closed:
            self.wrong.append("on_close of a session that is not open")
        if beside := self.of(session):
            self.wrong.append(f"on_close while handlers run: {beside}")
        self.closed.append(session)

    def judge_start(self, session: Session, message: Any) -> None:
        """Note what is wrong with the start of a handler."""
        if session not in self.opened:
            self.wrong.append(f"on_message {message} before on_open was done")
        if session in self.closed:
            self.wrong.append(f"on_message {message} after on_close")
        if session.closed is not None and session.closed.client_initiated:
            self.wrong.append(f"on_message {message} after an exit or restart")
        beside = self.of(session)
        if len(beside) >= self.workers:
            self.wrong.append(f"on_message {message} beside {beside}: too many")
        if self.keys and self.key(message) in map(self.key, beside):
            self.wrong.append(f"on_message {message} beside {beside}: two of one key")

    def of(self, session: Session) -> list[Any]:
        """Return the messages of a session whose handlers run."""
        return [message for its_session, message in self.running if its_session is session]

    def key(self, message: Any) -> Hashable:
        """Return the key of a message, for `order_by`; replies have such keys as well."""
        number = number_of(message)
        if number is None:  # a reply: its number is that of the request, which may be "r7"
            number = int(str(message["answers"]).removeprefix("r"))
        return number % max(self.keys, 1)

    def note(self, message: Any) -> None:
        """Note that a message was seen; late replies are messages, too."""
        number = number_of(message)
        if number is not None:
            self.seen.append(number)

    @property
    def in_order(self) -> bool:
        """Whether the messages of each key were seen in order, and none twice."""
        keys = max(self.keys, 1)
        lanes = [[number for number in self.seen if number % keys == key] for key in range(keys)]
        return all(lane == sorted(set(lane)) for lane in lanes)

    async def ask(self, session: Any, *, timeout: float = TIMEOUT) -> None:
        """Ask, by a session or an engine; the reply must be that of this very request."""
        self.asked += 1
        loop = asyncio.get_running_loop()
        began = loop.time()
        request_id = f"r{self.asked}"
        try:
            reply = await session.request({"id": request_id, "op": "x"}, timeout=timeout)
            if reply["answers"] != request_id:
                self.wrong.append(f"{request_id} got the reply to {reply['answers']}")
            self.answered += 1
        except RequestTimeoutError:
            if loop.time() - began < timeout - 0.001:
                self.wrong.append(f"{request_id} gave up too early")
            if isinstance(session, Session) and session.closed is not None:
                self.wrong.append(f"{request_id} waited on although the session was over")
        except (RequestFailed, ConnectionClosed, EngineStateError):
            pass
        finally:
            self.ended += 1
        if loop.time() - began > timeout + 0.001:
            self.wrong.append(f"{request_id} waited {loop.time() - began} s")
