"""Short lives of an engine, watched: who reads, who handles, what waits. For `docs/lanes.py`.

Each scene is a real run, in virtual time and without a network; so a picture of it shows what the
engine does, and is the same each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import looptime

from wsengine import ConnectOptions, Endpoint, Engine, EngineConfig, Session
from wsengine.testing import Accept, Delay, ScriptedAdapter, ScriptedConnection

MILLISECOND = 0.001


@dataclass(frozen=True)
class Bar:
    """Something that somebody did for a while.

    Args:
        lane: Who: a worker, the standby, the pilot, the backlog.
        kind: What: "reads", "handles", "waits", "pauses", "receives".
        begin: Milliseconds.
        end: Milliseconds.
        label: The message, or "".
    """

    lane: str
    kind: str
    begin: int
    end: int
    label: str = ""


@dataclass
class Scene:
    """What was seen.

    Attributes:
        sent: When the server sent which message: milliseconds.
        bars: What everybody did.
    """

    sent: list[tuple[int, str]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)


Action: TypeAlias = Callable[["_Stage", Engine], Awaitable[None]]


class _Stage:
    """Watches an engine's life.

    Args:
        handling: How many milliseconds the handler of each message takes.
    """

    def __init__(self, handling: dict[str, int]) -> None:
        self.scene = Scene()
        self.handling = handling
        self._began = asyncio.get_running_loop().time()
        self._reads: list[tuple[Any, int, int]] = []
        self._handles: list[tuple[Any, int, int, str]] = []
        self._read_at: dict[str, int] = {}
        self._pilot: Any = None

    def now(self) -> int:
        """Milliseconds since the scene began."""
        return round((asyncio.get_running_loop().time() - self._began) / MILLISECOND)

    async def watch_receive(self, receive: Callable[[], Awaitable[Any]]) -> Any:
        """Note who waits for a message, and when it was there."""
        task, begin = asyncio.current_task(), self.now()
        try:
            message = await receive()
        finally:
            self._reads.append((task, begin, self.now()))
        self._read_at[message] = self.now()
        return message

    async def handle(self, message: str) -> None:
        """Take as long as was said."""
        task, begin = asyncio.current_task(), self.now()
        await asyncio.sleep(self.handling[message] * MILLISECOND)
        self._handles.append((task, begin, self.now(), message))

    async def pilot(self, session: Session, milliseconds: int) -> None:
        """Pause the session for a while, and read."""
        self._pilot = asyncio.current_task()
        begin = self.now()
        async with session.paused() as connection:
            try:
                async with asyncio.timeout(milliseconds * MILLISECOND):
                    while True:
                        message = await connection.receive()
                        self.scene.bars.append(
                            Bar("pilot", "receives", *(self.now(),) * 2, message)
                        )
            except TimeoutError:
                pass
        self.scene.bars.insert(0, Bar("pilot", "pauses", begin, self.now()))

    def finish(self, end: int) -> Scene:
        """Give everybody a name, and return what was seen until then."""
        names = {self._pilot: "pilot"} if self._pilot else {}
        for task, *_ in sorted(self._handles, key=lambda handled: handled[1]):
            names.setdefault(task, f"worker {len(names.keys() - {self._pilot}) + 1}")
        bars = self.scene.bars
        for task, begin, over in self._reads:
            lane = names.get(task, "standby")
            if lane != "pilot" and begin < over and begin < end:
                bars.append(Bar(lane, "reads", begin, min(over, end)))
        for task, begin, over, message in self._handles:
            bars.append(Bar(names[task], "handles", begin, over, message))
            if self._read_at[message] < begin:
                bars.append(Bar("backlog", "waits", self._read_at[message], begin, message))
        return self.scene


class _Connection:
    """A scripted connection that tells a stage who reads.

    Args:
        below: The connection.
        stage: The stage.
    """

    def __init__(self, below: ScriptedConnection, stage: _Stage) -> None:
        self._below, self._stage = below, stage
        self.handshake, self.native = below.handshake, below.native
        self.send, self.ping, self.close = below.send, below.ping, below.close

    async def receive(self) -> Any:
        return await self._stage.watch_receive(self._below.receive)


class _Adapter(ScriptedAdapter):
    """Makes such connections."""

    stage: _Stage

    async def connect(self, url: str, options: ConnectOptions) -> Any:
        return _Connection(await super().connect(url, options), self.stage)


class _Actor(Endpoint):
    def __init__(self, stage: _Stage) -> None:
        self.on_message = lambda _session, message: stage.handle(message)  # type: ignore[method-assign, assignment]


def play(
    messages: list[tuple[int, str, int]],
    *,
    until: int,
    action: Action | None = None,
    **settings: Any,
) -> Scene:
    """Play a scene.

    Args:
        messages: When the server sends which, in milliseconds, and how long its handler takes.
        until: When the scene ends, in milliseconds.
        action: What else is done meanwhile.
        **settings: Those of `EngineConfig`.
    """

    async def main() -> Scene:
        stage = _Stage({message: takes for _, message, takes in messages})
        steps: list[Any] = []
        before = 0
        for at, message, _ in messages:
            steps += [Delay((at - before) * MILLISECOND), message]
            before = at
            stage.scene.sent.append((at, message))
        adapter = _Adapter([Accept(*steps)])
        adapter.stage = stage
        config = EngineConfig(ping_interval=None, reconnect=None, **settings)
        async with Engine("ws://stage", _Actor(stage), adapter=adapter, config=config) as engine:
            if action is not None:
                await action(stage, engine)
            await asyncio.sleep((until - stage.now()) * MILLISECOND)
        return stage.finish(until)

    with asyncio.Runner(loop_factory=lambda: looptime.new_event_loop(noop_cycles=8)) as runner:
        return runner.run(main())


def lead() -> Scene:
    """Three workers; the lead goes from one to the next when a handler suspends."""
    messages = [(20, "1", 60), (45, "2", 30), (100, "3", 70), (120, "4", 30), (165, "5", 25)]
    return play(messages, until=200, workers=3)


def read_ahead() -> Scene:
    """Two workers, both busy; the standby reads on."""
    messages = [(20, "1", 70), (30, "2", 90), (45, "3", 50), (60, "4", 45), (75, "5", 30)]
    return play(messages, until=200, workers=2)


def keys() -> Scene:
    """Three workers, and messages of two keys."""
    messages = [(20, "A1", 60), (30, "A2", 40), (45, "B1", 40), (60, "B2", 50), (75, "A3", 30)]
    return play(messages, until=200, workers=3, order_by=lambda message: message[0])


def pause() -> Scene:
    """One worker waits for a message; somebody pauses the session, and gets the next ones."""

    async def action(stage: _Stage, engine: Engine) -> None:
        await asyncio.sleep(60 * MILLISECOND)
        if engine.session is not None:  # or there is nothing to pause, and the picture shows it
            await stage.pilot(engine.session, 80)

    messages = [(20, "1", 25), (90, "2", 0), (115, "3", 0), (165, "4", 25)]
    return play(messages, until=210, workers=1, action=action)
