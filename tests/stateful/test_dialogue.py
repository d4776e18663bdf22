"""Conversations, over every order of events, in virtual time.

After any history the server's subscriptions are those that are wanted, none twice; no request is
left pending; every queued message has come, in order, or was dropped and counted; what waited for a
session has come, unless the engine was stopped, and no handler waits for ever; and every message of
the server reached `on_message` once and in order: with `order_by` in that of its key,
never two of a key at once. Each `on_open` has its `on_close`; no handler runs outside of them.

A subscription that the server refused, or did not acknowledge in time, stays failed until the
next session, which sends it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Coroutine
from typing import Any

import looptime
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from wsengine import (
    ConnectionClosed,
    Engine,
    EngineConfig,
    EngineStateError,
    JsonCodec,
    JsonCorrelator,
    ReconnectPolicy,
)

from .dialogue import KINDS, TOIL, Asker
from .talker import ENDLESS, TIMEOUT, Reply, Server, TalkingAdapter

LOGGER = logging.getLogger("wsengine")
STOP_TIMEOUT = 4.0

keys = st.sampled_from(["a", "b", "c", ENDLESS])
delays = st.sampled_from([-1.0, 0.0, 0.01, 0.3, 1.0, 2.5, 6.0])


class DialogueMachine(RuleBasedStateMachine):
    """Drives one engine that converses."""

    @initialize(
        workers=st.integers(1, 3),
        keys=st.sampled_from([0, 0, 1, 2, 3]),
        rate=st.sampled_from([None, None, 2.0]),
        outbox=st.sampled_from([1, 3, 1000]),
        policy=st.sampled_from(["drop_oldest", "drop_newest"]),
        backlog=st.sampled_from([2, 1000]),
    )
    def set_up(
        self,
        workers: int,
        keys: int,
        rate: float | None,
        outbox: int,
        policy: Any,
        backlog: int,
    ) -> None:
        LOGGER.setLevel(logging.CRITICAL + 1)  # what goes wrong here goes wrong on purpose
        self.loop = looptime.new_event_loop(noop_cycles=4)
        self.trouble: list[str] = []
        self.loop.set_exception_handler(lambda loop, context: self.trouble.append(str(context)))
        self.adapter, self.asker = TalkingAdapter(), Asker(workers, keys)
        self.engine = Engine(
            "ws://scripted",
            self.asker,
            adapter=self.adapter,
            codec=JsonCodec(),
            correlator=JsonCorrelator(error_field="error"),
            config=EngineConfig(
                workers=workers,
                order_by=self.asker.key if keys else None,
                subscription_max_rate=rate,
                acknowledge_timeout=TIMEOUT,
                outbox_messages=outbox,
                outbox_policy=policy,
                backlog_messages=backlog,
                reconnect=ReconnectPolicy(initial_delay=1, max_delay=2, jitter=0, min_uptime=0),
                stop_timeout=STOP_TIMEOUT,
            ),
        )
        self.wanted: list[str] = []
        self.versions: dict[str, int] = {}
        self.queued = 0
        self.waiting = 0
        self.waited: list[int] = []
        self.fed: list[int] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.do(self.engine.start())

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(self.loop.create_task(work))
        self.do(asyncio.sleep(0))

    def pass_time(self, seconds: float) -> None:
        if seconds >= 0:
            self.do(asyncio.sleep(seconds))

    @property
    def server(self) -> Server:
        return self.adapter.servers[-1]

    @property
    def connected(self) -> bool:
        return self.server.connection.closed is None

    # What may happen.

    @rule(
        key=keys,
        version=st.integers(1, 2),
        acknowledged=st.booleans(),
        times=st.integers(1, 2),
        seconds=delays,
    )
    def add(self, key: str, version: int, acknowledged: bool, times: int, seconds: float) -> None:
        acknowledged = self.acknowledged(key, acknowledged)
        if key not in self.wanted:  # while it is there, its messages cannot change
            self.versions[key] = version
        version = self.versions[key]
        end = None if key == ENDLESS else {"unsubscribe": key, "version": version}
        for _ in range(times):
            self.wanted.append(key)
            self.engine.subscriptions.add(
                key,
                subscribe={"subscribe": key, "version": version},
                unsubscribe=end,
                acknowledged=acknowledged,
            )
        self.pass_time(seconds)

    def acknowledged(self, key: str, otherwise: bool) -> bool:
        """Return whether a key that is there is acknowledged: it cannot change."""
        there = [one.acknowledged for one in self.engine.subscriptions if one.key == key]
        return there[0] if there else otherwise

    @precondition(lambda self: self.wanted)
    @rule(data=st.data(), seconds=delays)
    def remove(self, data: st.DataObject, seconds: float) -> None:
        key = data.draw(st.sampled_from(sorted(set(self.wanted))))
        self.wanted.remove(key)
        self.engine.subscriptions.remove(key)
        self.pass_time(seconds)

    @rule(
        replies=st.lists(st.sampled_from(Reply), min_size=1, max_size=4),
        acknowledgements=st.lists(st.sampled_from(Reply), min_size=1, max_size=4),
        asks_in_on_open=st.booleans(),
    )
    def foresee(
        self, replies: list[Reply], acknowledgements: list[Reply], asks_in_on_open: bool
    ) -> None:
        self.adapter.replies[:] = replies
        self.adapter.acknowledgements[:] = acknowledgements
        self.asker.asks_in_on_open = asks_in_on_open

    @precondition(lambda self: self.connected)
    @rule(
        kinds=st.lists(st.sampled_from([*KINDS, "ask", "say"]), min_size=1, max_size=5),
        seconds=delays,
    )
    def the_server_speaks(self, kinds: list[str], seconds: float) -> None:
        for kind in kinds:
            self.fed.append(len(self.fed))
            self.server.connection.feed(json.dumps({kind: self.fed[-1]}))
        self.pass_time(seconds)

    @rule(times=st.integers(1, 5), cancelled=st.booleans(), seconds=delays)
    def ask_from_outside(self, times: int, cancelled: bool, seconds: float) -> None:
        async def ask() -> None:
            asking = asyncio.ensure_future(self.asker.ask(self.engine))
            if cancelled:
                await asyncio.sleep(0.2)
                asking.cancel()
            await asyncio.wait([asking])

        for _ in range(times):
            self.spawn(ask())
        self.pass_time(seconds)

    @rule(times=st.integers(1, 4), seconds=delays)
    def queue(self, times: int, seconds: float) -> None:
        for _ in range(times):
            self.queued += 1
            self.do(self.engine.send({"queued": self.queued}, when_closed="queue"))
        self.pass_time(seconds)

    @rule(times=st.integers(1, 3), seconds=delays)
    def send_when_open(self, times: int, seconds: float) -> None:
        async def send(number: int) -> None:
            with contextlib.suppress(EngineStateError):  # stopped
                await self.engine.send({"waited": number}, when_closed="wait")
                self.waited.append(number)

        for _ in range(times):
            self.waiting += 1
            self.spawn(send(self.waiting))
        self.pass_time(seconds)

    @precondition(lambda self: self.connected and self.engine.session is not None)
    @rule(count=st.integers(0, 3), seconds=delays)
    def pause(self, count: int, seconds: float) -> None:
        async def pause() -> None:
            session = self.engine.session
            received: list[Any] = []
            if session is None:
                return
            try:
                async with session.paused() as connection:
                    try:
                        async with asyncio.timeout(1):
                            while len(received) < count:
                                received.append(await connection.receive())
                    finally:
                        while received:
                            connection.put_back(received[-1])
                            received.pop()
            except (ConnectionClosed, TimeoutError):
                for message in received:  # the session is over: nobody else will see them
                    self.asker.note(message)

        self.spawn(pause())
        self.pass_time(seconds)

    @rule(how=st.sampled_from(["lose", "close", "restart", "stop"]), seconds=delays)
    def the_connection_ends(self, how: str, seconds: float) -> None:
        match how:
            case "lose":
                self.server.connection.lose()
            case "close":
                self.server.connection.close_by_server(1012)
            case "restart":
                self.engine.restart()
            case _:
                began = self.loop.time()
                self.do(self.engine.stop())
                assert self.loop.time() - began <= STOP_TIMEOUT
                assert not self.asker.running
                assert len(self.engine.outbox) == 0
                self.do(self.engine.start())
        self.pass_time(seconds)

    @rule()
    def it_settles(self) -> None:
        """Whatever went on before: left alone, all is as it is wanted."""
        self.adapter.replies[:] = self.adapter.acknowledgements[:] = [Reply.NOW]
        self.do(asyncio.sleep(30 + (TOIL + 1) * len(self.fed)))  # one worker, all of them toil
        if self.check_subscriptions():
            self.engine.restart()
            self.do(asyncio.sleep(30))
            assert not self.check_subscriptions()
        session = self.engine.session
        assert session is not None
        assert not self.asker.running
        assert session.stats().backlog_messages == 0
        assert session.stats().requests_in_flight == 0
        assert self.asker.ended == self.asker.asked
        assert len(self.engine.outbox) == 0
        came = [number for server in self.adapter.servers for number in server.queued]
        assert len(came) + self.engine.outbox.dropped == self.queued
        assert came == sorted(set(came))
        assert all(task.done() for task in self.tasks)
        waited = {number for server in self.adapter.servers for number in server.waited}
        assert waited >= set(self.waited)
        answered = self.asker.answered
        self.the_server_speaks(["ask"], 1.0)
        assert self.asker.answered == answered + 1

    def check_subscriptions(self) -> set[str]:
        """Check that the server has all that is wanted, but what failed; return that."""
        server, wanted = self.server, set(self.wanted)
        failed = {key for key in wanted if server.failed(key)}
        refused = {key for key in failed if server.told[key] is Reply.ERROR}
        there = wanted - refused - server.kept
        left_over = {ENDLESS} - wanted  # nothing was to be sent to end it
        assert set(server.subscribed) - server.kept - left_over == there
        assert {key: server.versions[key] for key in there} == {
            key: self.versions[key] for key in there
        }
        states = {str(one.key): one.state.value for one in self.engine.subscriptions}
        assert states == {key: "failed" if key in failed else "active" for key in wanted}
        return failed

    # What must hold.

    @invariant()
    def nothing_is_wrong(self) -> None:
        assert not self.trouble
        assert not self.asker.wrong
        for server in self.adapter.servers:
            assert not server.wrong
        assert self.asker.in_order, f"order, or twice: {self.asker.seen}"
        for task in self.tasks:
            if task.done():
                task.result()

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        try:
            self.it_settles()
            self.do(self.engine.stop())
            self.do(asyncio.sleep(30))
            self.nothing_is_wrong()
            assert not asyncio.all_tasks(self.loop)
            assert self.asker.closed == self.asker.opened
            self.check_no_message_is_lost()
        finally:
            self.do(self.engine.stop())
            LOGGER.setLevel(logging.NOTSET)
            self.loop.close()

    def check_no_message_is_lost(self) -> None:
        """Check that what no handler saw was dropped and counted, or never read."""
        dropped = sum(session.stats().messages_dropped for session in self.asker.sessions)
        unread = sum(connection.unread for connection in self.adapter.connections)
        assert len(self.fed) <= len(self.asker.seen) + dropped + unread


TestDialogueMachine = DialogueMachine.TestCase
TestDialogueMachine.settings = settings(
    max_examples=int(os.environ.get("WSENGINE_EXAMPLES", "150")),
    stateful_step_count=int(os.environ.get("WSENGINE_STEPS", "40")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
