"""One physical connection, as the user sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .adapter import Handshake
from .close import GOING_AWAY, Close
from .errors import ConfigError, EngineStateError, RequestTimeoutError
from .gap import Gap
from .message import SendableMessage
from .pausing import Pause, is_pilot_here
from .requests import Identified, Requests
from .validation import check_timeout

if TYPE_CHECKING:
    from .engine import Engine
    from .serving import Serving


@dataclass(frozen=True, slots=True)
class SessionStats:
    """A snapshot of what a session has done.

    Args:
        messages_received: Messages read from the connection.
        messages_sent: Messages sent by `Session.send` or a pilot.
        bytes_received: Their payload, text as its UTF-8 encoding.
        bytes_sent: Their payload.
        messages_dropped: Messages read or sent by the server, but never handled, because of
            an exit or restart, or of `EngineConfig.backlog_policy`.
        read_errors: Reads that failed while the connection lived on, and messages that could
            not be decoded.
        replies_unmatched: Messages that looked like a reply, but for which no request waited:
            late ones, and second ones. They were handled as any other message.
        requests_in_flight: Requests that wait for their reply.
        backlog_messages: Messages read ahead and not yet handled.
        backlog_bytes: Their size.
        busy_workers: Handlers that have begun and are suspended.
        ping_round_trip: Seconds between the last keepalive ping and its pong, or `None`.
        uptime: Seconds since `on_open` was done, up to the end of the connection.
    """

    messages_received: int
    messages_sent: int
    bytes_received: int
    bytes_sent: int
    messages_dropped: int
    read_errors: int
    replies_unmatched: int
    requests_in_flight: int
    backlog_messages: int
    backlog_bytes: int
    busy_workers: int
    ping_round_trip: float | None
    uptime: float


class Session:
    """One connection, from `on_open` to `on_close`. Each connection has a fresh one.

    Attributes:
        id: A fresh identifier, for logs and traces.
        engine: The engine that it belongs to.
        attributes: A dictionary for whatever you want to keep with the session.
        gap: What lies between the previous session and this one; `None` for the first one
            after `start()`.
    """

    def __init__(self, engine: Engine, serving: Serving, gap: Gap | None = None) -> None:
        self.id = serving.telemetry.session_id
        self.engine = engine
        self.attributes: dict[str, Any] = {}
        self.gap = gap
        self._serving = serving
        self._link = serving.link

    def __repr__(self) -> str:
        return f"<Session {self.id} of {self.engine.name!r}>"

    @property
    def handshake(self) -> Handshake:
        """The server's answer to the opening handshake: status, headers, subprotocol."""
        return self._link.connection.handshake

    @property
    def native(self) -> Any:
        """The WebSocket library's own connection object."""
        return self._link.connection.native

    @property
    def closed(self) -> Close | None:
        """How the session ended, or `None` while it is open."""
        return self._serving.crew.closed.result() if self._serving.crew.ended else None

    @property
    def usable(self) -> bool:
        """Whether it is open, and no send has found that its connection is closed."""
        return self.closed is None and self._link.lost is None

    @property
    def is_paused_here(self) -> bool:
        """Whether the running task has paused it, so that nobody else reads."""
        return is_pilot_here(self._serving.crew)

    async def send(self, message: Any) -> None:
        """Send one message: `str` as text, bytes-like as binary; or with a codec, any value.

        Waits while the transport's buffer is full, so a slow server slows you down. May be
        called by many tasks at once. Cancelling it while it waits does not unsend the message.

        Raises:
            ConnectionClosed: The session is over.
            TypeError: The message is neither text nor bytes, and there is no codec.
            Exception: What the codec raises for a value that it cannot encode.
        """
        await self._link.send(message)

    async def transmit(self, message: SendableMessage) -> None:
        """Send a message that is encoded already."""
        await self._link.transmit(message)

    async def request(self, message: Any, *, timeout: float | None = 5.0) -> Any:
        """Send a request, and return the reply, which does not come to `on_message`.

        Needs a correlator. Works inside every callback but the closing ones, also with one
        worker: messages that come before the reply wait in the backlog. Cancelling it forgets the
        request; the reply, if it comes, is then a message.

        Args:
            message: The request. The correlator fills its id in where it lacks one.
            timeout: Seconds for sending and reply, or `None`: until the session ends.

        Raises:
            RequestTimeoutError: No reply came in time.
            RequestFailed: The server answered with an error.
            ConnectionClosed: The session is over, or ended before the reply came.
            ConfigError: There is no correlator, it finds no id, or the id is in flight.
            EngineStateError: This task has paused the session, so nobody would read the reply.
        """
        check_timeout(timeout)
        try:
            return await self._requests().request(message, timeout, self._link.send)
        except RequestTimeoutError as error:
            self._explain(error)
            raise

    async def ask(self, message: Any, timeout: float | None, identified: Identified) -> Any:
        """Send a request, whose id has been filled in already, and return the reply."""
        try:
            return await self._requests().request(message, timeout, self._link.send, identified)
        except RequestTimeoutError as error:
            self._explain(error)
            raise

    def _requests(self) -> Requests:
        requests = self._link.requests
        if requests is None:
            raise ConfigError(
                "request() needs a correlator, which tells replies by their ids: "
                "Engine(..., correlator=...)"
            )
        leader = self._serving.crew.leader
        if leader is not None and leader.is_pilot and self.is_paused_here:
            raise EngineStateError(
                "this task has paused the session, so it is you who reads: use connection.send() "
                "and connection.receive()"
            )
        return requests

    def _explain(self, error: RequestTimeoutError) -> None:
        if self._serving.crew.paused:
            error.add_note(
                "The session is paused: replies come while whoever paused it is in receive()."
            )

    async def ping(self) -> float:
        """Send a ping and return the seconds until its pong.

        Not bounded in time: put it in `asyncio.timeout` if you need that. Cancelling it gives
        up the wait, nothing else.

        Raises:
            ConnectionClosed: The session ended before the pong came.
        """
        return await self._link.connection.ping()

    def paused(self) -> Pause:
        """Pause the engine, and pilot the connection yourself.

        ::

            async with session.paused() as connection:
                await connection.send("what time is it?")
                answer = await connection.receive()

        It takes effect at once, also on an idle connection; running handlers go on, no new
        one starts. Works inside every callback. Several pauses take turns.

        Raises:
            ConnectionClosed: The session has ended, or ends before its turn comes.
        """
        return Pause(self._serving.crew, self._link)

    def restart(self) -> None:
        """Ask for this connection to be closed and a new one to be opened.

        Returns at once. What was read and not handled is dropped and counted; running
        handlers may finish. Does nothing if the engine has gone on to another session.
        """
        self._serving.restart(GOING_AWAY_BY_CLIENT)

    def exit(self) -> None:
        """Ask for the engine to stop; the same as `Engine.exit()`."""
        self.engine.exit()

    def stats(self) -> SessionStats:
        """Return a snapshot of what the session has done."""
        link, serving, crew = self._link, self._serving, self._serving.crew
        return SessionStats(
            messages_received=link.incoming.messages,
            messages_sent=link.outgoing.messages,
            bytes_received=link.incoming.bytes,
            bytes_sent=link.outgoing.bytes,
            messages_dropped=serving.dropped,
            read_errors=link.read_errors + serving.conversation.undecoded,
            replies_unmatched=serving.unmatched,
            requests_in_flight=serving.requests_in_flight,
            backlog_messages=len(crew.backlog),
            backlog_bytes=crew.backlog.size,
            busy_workers=crew.busy_workers,
            ping_round_trip=serving.keepalive.round_trip,
            uptime=serving.uptime,
        )


GOING_AWAY_BY_CLIENT = Close(GOING_AWAY.code, client_initiated=True)
