"""The invariants of the lifecycle, over every order of events, in virtual time.

A Hypothesis state machine drives an engine and a scripted adapter through dials that succeed,
fail and hang, messages with handlers of every kind, pauses, lost pings, restarts, exits and
stops. `WSENGINE_EXAMPLES` and `WSENGINE_STEPS` make it run longer.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Coroutine
from typing import Any

import looptime
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from wsengine import (
    ConnectError,
    ConnectionClosed,
    Engine,
    EngineConfig,
    EngineFailedError,
    EngineStartError,
    EngineState,
    ReconnectPolicy,
    Session,
)
from wsengine.testing import ScriptedAdapter, ScriptedConnection
from wsengine.testing.script import Accept, Dial, Hang, Refuse

from .judge import Act, Judge, OddError, Record

STOP_TIMEOUT = 4.0
LOGGER = logging.getLogger("wsengine")

acts = st.sampled_from([*Act, Act.RETURN, Act.RETURN, Act.YIELD, Act.SLEEP])
quick_acts = st.sampled_from(
    [Act.RETURN, Act.YIELD, Act.SLEEP, Act.RAISE, Act.PAUSE, Act.PAUSE_READ, Act.CANCELLED]
)
# Seconds that pass after an event; -1 lets nothing run at all before the next one.
delays = st.sampled_from([-1.0, 0.0, 0.01, 0.3, 1.0, 2.5, 6.0])
dials = st.sampled_from(
    [
        Accept(),
        Accept(after=0.5),
        Refuse(ConnectError("unreachable")),
        Refuse(ConnectError("busy", status=503, retry_after=2.0), after=0.1),
        Refuse(ConnectError("no", status=403)),
        Hang(),
    ]
)


class EngineMachine(RuleBasedStateMachine):
    """Drives one engine."""

    @initialize(
        workers=st.integers(1, 4),
        keys=st.sampled_from([0, 0, 0, 2, 3]),
        backlog=st.sampled_from([0, 1, 3, 1000]),
        backlog_bytes=st.sampled_from([1, 10, 10**6]),
        retry_start=st.booleans(),
        reconnect=st.sampled_from([True, True, True, False]),
        on_endpoint_error=st.sampled_from(["continue", "continue", "restart", "exit"]),
    )
    def set_up(
        self,
        workers: int,
        keys: int,
        backlog: int,
        backlog_bytes: int,
        retry_start: bool,
        reconnect: bool,
        on_endpoint_error: Any,
    ) -> None:
        LOGGER.setLevel(logging.CRITICAL + 1)  # what goes wrong here goes wrong on purpose
        self.loop = looptime.new_event_loop(noop_cycles=4)
        self.loop.set_exception_handler(self.unhandled)
        self.adapter = ScriptedAdapter()
        self.judge = judge = Judge(workers, keys)
        policy = ReconnectPolicy(initial_delay=1, max_delay=4, jitter=0, min_uptime=2)
        self.engine = self.judge.engine = Engine(
            "ws://scripted",
            self.judge,
            adapter=self.adapter,
            config=EngineConfig(
                workers=workers,
                order_by=(lambda text: judge.key(int(text.split()[0]))) if keys else None,
                backlog_messages=max(backlog, 1) if keys else backlog,
                backlog_bytes=backlog_bytes,
                retry_start=retry_start and reconnect,
                reconnect=policy if reconnect else None,
                on_endpoint_error=on_endpoint_error,
                open_timeout=3,
                stop_timeout=STOP_TIMEOUT,
                ping_interval=5,
                ping_timeout=2,
            ),
        )
        self.fed: dict[ScriptedConnection, list[int]] = {}
        self.tasks: list[asyncio.Task[None]] = []
        self.trouble: list[str] = []
        self.starts = 0
        self.start(Act.RETURN, [])

    def unhandled(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.trouble.append(str(context))

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(self.loop.create_task(work))
        self.do(asyncio.sleep(0))

    @property
    def at_rest(self) -> bool:
        return self.engine.state in (EngineState.IDLE, EngineState.STOPPED)

    @property
    def connection(self) -> ScriptedConnection | None:
        connections = self.adapter.connections
        return connections[-1] if connections and connections[-1].closed is None else None

    # What may happen.

    @precondition(lambda self: self.at_rest)
    @rule(open_act=st.one_of(st.just(Act.RETURN), acts), dials=st.lists(dials, max_size=2))
    def start(self, open_act: Act, dials: list[Dial]) -> None:
        async def start() -> None:
            self.starts += 1
            this_start = self.starts
            try:
                await self.engine.start()
            except EngineStartError as error:
                assert error.__cause__ is not None or "asked to stop" in str(error)
                assert self.engine.state is EngineState.STOPPED or self.starts > this_start
            else:
                assert self.judge.lived() or self.starts > this_start

        for record in self.judge.records:
            self.check_ended(record)
        self.judge.records.clear()
        self.judge.open_act = open_act
        self.adapter.expect(*dials)
        self.spawn(start())
        self.do(asyncio.sleep(0.01))

    @rule(dials=st.lists(dials, min_size=1, max_size=3), open_act=acts)
    def foresee(self, dials: list[Dial], open_act: Act) -> None:
        self.adapter.expect(*dials)
        self.judge.open_act = open_act

    @precondition(lambda self: self.connection)
    @rule(what=st.lists(acts, min_size=1, max_size=12), seconds=delays)
    def feed(self, what: list[Act], seconds: float) -> None:
        connection = self.adapter.connection
        fed = self.fed.setdefault(connection, [])
        for act in what:
            fed.append(len(fed))
            connection.feed(f"{fed[-1]} {act}")
        self.pass_time(seconds)

    @precondition(lambda self: self.connection)
    @rule(what=st.lists(quick_acts, min_size=1, max_size=12), seconds=delays)
    def feed_quick_ones(self, what: list[Act], seconds: float) -> None:
        self.feed(what, seconds)

    @precondition(lambda self: self.connection)
    @rule(
        event=st.sampled_from(["fail_read", "close", "lose", "change"]),
        code=st.sampled_from([1000, 1001, 1008, 1012, 4001]),
        ping_delay=st.sampled_from([None, 0.0, 0.5]),
        answers_close=st.booleans(),
        seconds=delays,
    )
    def the_server_acts(
        self,
        event: str,
        code: int,
        ping_delay: float | None,
        answers_close: bool,
        seconds: float,
    ) -> None:
        connection = self.adapter.connection
        match event:
            case "fail_read":
                connection.fail_read(OddError("a read failed"))
            case "close":
                connection.close_by_server(code, "the server's reason")
            case "lose":
                connection.lose()
            case _:
                connection.ping_delay = ping_delay
                connection.answers_close = answers_close
        self.pass_time(seconds)

    @precondition(lambda self: not self.at_rest)
    @rule(seconds=delays)
    def pass_time(self, seconds: float) -> None:
        if seconds >= 0:
            self.do(asyncio.sleep(seconds))

    @precondition(lambda self: self.engine.session)
    @rule(read=st.booleans(), seconds=st.sampled_from([0.0, 0.5, 10.0]))
    def pause(self, read: bool, seconds: float) -> None:
        async def pause(session: Session) -> None:
            try:
                await self.judge.pause(session, read=read, seconds=seconds)
            except ConnectionClosed:
                assert session.closed is not None

        if self.engine.session is not None:
            self.spawn(pause(self.engine.session))

    @precondition(lambda self: not self.at_rest)
    @rule(request=st.sampled_from(["restart", "restart", "exit", "stop", "stop twice"]))
    def the_client_acts(self, request: str) -> None:
        match request:
            case "restart":
                self.engine.restart()
            case "exit":
                self.engine.exit()
            case _:
                self.stop(times=2 if request == "stop twice" else 1)

    def stop(self, times: int) -> None:
        async def stop() -> None:
            began = self.loop.time()
            await asyncio.gather(*[self.engine.stop() for _ in range(times)])
            assert self.loop.time() - began <= STOP_TIMEOUT

        self.do(stop())
        assert self.at_rest
        self.check_nothing_left()

    @precondition(lambda self: self.connection and self.engine.session)
    @rule()
    def everything_comes_to_its_end(self) -> None:
        """Nothing hangs: what is fed to an open session is handled, without another push."""
        session, connection = self.engine.session, self.adapter.connection
        assert session is not None
        connection.ping_delay = 0.0
        self.do(asyncio.sleep(40))
        while session.closed is None and session._serving.crew.paused:
            self.do(asyncio.sleep(10))  # pauses take turns, and each ends by itself
        waits = self.judge.waits_for_ever(session)
        if session is self.engine.session and not waits:
            seen, fed = self.judge.record(session).seen, self.fed.get(connection, [])
            assert self.judge.by_key(seen) == self.judge.by_key(fed)

    # What must hold.

    @invariant()
    def nothing_was_violated(self) -> None:
        assert not self.judge.violations
        assert not self.trouble
        for record in self.judge.records:
            for seen in self.judge.by_key(record.seen).values():
                assert seen == sorted(set(seen)), "order, or twice"
            assert record.most_running <= self.judge.workers
            if self.judge.workers == 1:
                assert record.finished == sorted(record.finished)
            assert len(record.closes) <= 1
        for task in self.tasks:
            if task.done():
                assert not task.cancelled(), task
                task.result()

    @invariant()
    def one_connection_at_most_is_open(self) -> None:
        assert sum(connection.closed is None for connection in self.adapter.connections) <= 1

    def check_ended(self, record: Record) -> None:
        """Check a session that is over: one on_close, and every message accounted for."""
        if not record.opened:
            assert not record.closes
            return
        assert len(record.closes) == 1
        connection: ScriptedConnection = record.session.native
        fed = self.fed.get(connection, [])
        fed_by_key = self.judge.by_key(fed)
        for key, seen in self.judge.by_key(record.seen).items():
            assert seen == fed_by_key[key][: len(seen)]
        unread = sum(isinstance(item, str) for item in connection._inbox)
        dropped = record.session.stats().messages_dropped
        assert len(record.seen) + dropped + unread == len(fed)
        if (
            not record.closes[0].client_initiated
            and record.closes[0].reason == "the server's reason"
        ):
            hurried = record.session._serving._hurried_at is not None
            assert hurried or sorted(record.seen) == fed, "lost although the server closed"

    def check_nothing_left(self) -> None:
        self.do(asyncio.sleep(0.01))
        for record in self.judge.records:
            self.check_ended(record)
        assert all(connection.closed is not None for connection in self.adapter.connections)
        left = asyncio.all_tasks(self.loop) - set(self.tasks)
        assert not left, left

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        try:
            self.stop(times=1)
            self.do(asyncio.sleep(30))  # pauses outside end by themselves
            self.nothing_was_violated()
            assert not asyncio.all_tasks(self.loop)
            if self.engine._supervisor is not None:
                self.check_wait_stopped()
        finally:
            LOGGER.setLevel(logging.NOTSET)
            self.loop.close()

    def check_wait_stopped(self) -> None:
        try:
            self.do(self.engine.wait_stopped())
        except EngineFailedError as error:
            assert error.__cause__ is not None


TestEngineMachine = EngineMachine.TestCase
TestEngineMachine.settings = settings(
    max_examples=int(os.environ.get("WSENGINE_EXAMPLES", "300")),
    stateful_step_count=int(os.environ.get("WSENGINE_STEPS", "50")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
