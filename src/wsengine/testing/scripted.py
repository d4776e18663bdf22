"""An adapter without a network: its connections do what a script, or a test, tells them.

    adapter = ScriptedAdapter(
        [
            Refuse(ConnectError("no", status=503)),
            Accept("hello", Delay(1.5), b"world", ReadFails(ValueError("odd")), CloseWith(1012)),
            Accept(),
        ]
    )
    engine = Engine("ws://test", endpoint, adapter=adapter)

Each dial takes the next entry of the script; when it is used up, dials are accepted and
nothing comes. A test can also act on the latest connection itself:
`adapter.connection.feed("x")`, `adapter.connection.lose()`. All delays are the event loop's,
so virtual time works.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from ..close import Close, CloseCode
from ..errors import ConnectError, ConnectionClosed
from ..message import Message, SendableMessage
from ..options import ConnectOptions
from .script import Accept, CloseWith, Delay, Dial, Hang, Lose, ReadFails, Refuse, Step


class ScriptedConnection:
    """A connection in memory, with both sides in the hands of the test.

    Args:
        script: What happens on it.
        ping_delay: Seconds until a ping is answered, or `None` for never.

    Attributes:
        sent: The messages that the client sent.
        close_sent: The code and reason of the client's close frame, or `None`.
        closed: How the connection ended, or `None`.
        answers_close: Whether the server answers a close frame.
        ping_delay: As above; may be changed at any time.
    """

    def __init__(self, script: Accept, *, ping_delay: float | None = 0.0) -> None:
        self.handshake = script.handshake
        self.native = self
        self.sent: list[SendableMessage] = []
        self.close_sent: tuple[int, str] | None = None
        self.closed: Close | None = None
        self.answers_close = True
        self.ping_delay = ping_delay
        self._inbox: deque[Message | Exception] = deque()
        self._change = asyncio.Event()
        self._receiving = False
        self._script = asyncio.create_task(self._play(script.steps)) if script.steps else None

    # The server's side.

    def feed(self, *messages: Message) -> None:
        """Have the server send messages."""
        self._inbox.extend(messages)
        self._change.set()

    def fail_read(self, error: Exception) -> None:
        """Have one `receive` raise, after what was fed before."""
        self._inbox.append(error)
        self._change.set()

    def close_by_server(self, code: int, reason: str = "") -> None:
        """Have the server close; messages fed before still come."""
        self._end(Close(code, reason))

    def lose(self) -> None:
        """Cut the connection off without a close frame."""
        self._end(Close(CloseCode.ABNORMAL_CLOSURE))

    @property
    def unread(self) -> int:
        """How many messages were fed and not received."""
        return len(self._inbox)

    # The client's side: the contract of wsengine.adapter.Connection.

    async def receive(self) -> Message:
        """Return the next message."""
        if self._receiving:
            raise RuntimeError("receive() was called while another call waited")
        self._receiving = True
        try:
            while not self._inbox:
                self._check_open()
                self._change.clear()
                await self._change.wait()
        finally:
            self._receiving = False
        item = self._inbox.popleft()
        if isinstance(item, Exception):
            raise item
        return item

    async def send(self, message: SendableMessage) -> None:
        """Note a message."""
        self._check_open()
        self.sent.append(message)

    async def ping(self) -> float:
        """Answer after `ping_delay` seconds."""
        began = asyncio.get_running_loop().time()
        while True:
            self._check_open()
            waited = asyncio.get_running_loop().time() - began
            if self.ping_delay is not None and waited >= self.ping_delay:
                return waited
            left = None if self.ping_delay is None else self.ping_delay - waited
            await self._changed(left)

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame, and wait for the answer."""
        if self.closed is None:
            self.close_sent = (code, reason)
            try:
                while not self.answers_close and self.closed is None:
                    await self._changed(None)
            finally:
                self._end(Close(code, reason, client_initiated=True))
        if self._script is not None:
            self._script.cancel()

    # Inside.

    def _check_open(self) -> None:
        if self.closed is not None:
            raise ConnectionClosed(self.closed)

    async def _changed(self, timeout: float | None) -> None:
        self._change.clear()
        try:
            async with asyncio.timeout(timeout):
                await self._change.wait()
        except TimeoutError:
            return

    def _end(self, close: Close) -> None:
        if self.closed is None:
            self.closed = close
        self._change.set()

    async def _play(self, steps: Iterable[Step]) -> None:
        for step in steps:
            match step:
                case Delay(seconds):
                    await asyncio.sleep(seconds)
                case ReadFails(error):
                    self.fail_read(error)
                case CloseWith(code, reason):
                    self.close_by_server(code, reason)
                case Lose():
                    self.lose()
                case _:
                    self.feed(step)


class ScriptedAdapter:
    """Makes scripted connections.

    Args:
        script: One entry for each dial.
        then: What dials get when the script is used up.
        ping_delay: Seconds until a ping is answered, or `None` for never.

    Attributes:
        dials: The URL and options of each dial, with the loop's time.
        connections: The connections made, the latest last.
    """

    def __init__(
        self,
        script: Iterable[Dial] = (),
        *,
        then: Dial | None = None,
        ping_delay: float | None = 0.0,
    ) -> None:
        self.dials: list[tuple[str, ConnectOptions, float]] = []
        self.connections: list[ScriptedConnection] = []
        self._script = deque(script)
        self._then = then or Accept()
        self._ping_delay = ping_delay

    @property
    def connection(self) -> ScriptedConnection:
        """The latest connection.

        Raises:
            LookupError: There was none.
        """
        if not self.connections:
            raise LookupError("nothing has connected yet")
        return self.connections[-1]

    def expect(self, *dials: Dial) -> None:
        """Add to the script."""
        self._script.extend(dials)

    async def connect(self, url: str, options: ConnectOptions) -> ScriptedConnection:
        """Do what the script says for this dial."""
        self.dials.append((url, options, asyncio.get_running_loop().time()))
        dial = self._script.popleft() if self._script else self._then
        match dial:
            case Hang():
                await asyncio.get_running_loop().create_future()
                raise ConnectError("a dial that never answers was answered")
            case Refuse(error, after):
                await asyncio.sleep(after)
                raise error
            case Accept():
                await asyncio.sleep(dial.after)
                self.connections.append(ScriptedConnection(dial, ping_delay=self._ping_delay))
        return self.connection
