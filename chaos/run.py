"""One run: the server, the clients, the plan, and the checks at rest."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from wsengine.testing import FaultProxy

from . import plan
from .asking import Asker
from .backend import Backend
from .client import Client
from .findings import Findings
from .listening import listening
from .outcome import Outcome
from .resources import Held, memory_grows
from .resting import bound_at_rest, check_nothing_left, settle
from .settings import Settings
from .stepping import Stepper

PATIENCE: Final = 30.0
"""Seconds that the server and the steps may take on top, until all is at rest."""


class Run:
    """Everything that takes part.

    Args:
        settings: The run.
        findings: Told of what happens.
        tell: Told now and then how it goes.
    """

    def __init__(
        self, settings: Settings, findings: Findings, tell: Callable[[str], object]
    ) -> None:
        self.outcome = Outcome(settings)
        self._settings = settings
        self._findings = findings
        self._tell = tell
        self._backend = Backend(findings, self._server_ended)
        seed, target = settings.seed, f"127.0.0.1:{self._backend.port}"
        self._clients = [
            Client(name, adapter, workers, target, seed, findings)
            for name, adapter, workers in settings.clients
        ]
        every = settings.every * len(self._clients)
        self._steppers = [
            Stepper(client, plan.steps(seed, client.name, every)) for client in self._clients
        ]
        self._askers = [Asker(client, seed) for client in self._clients]
        self._kills = plan.kills(seed, settings.kill_every)
        self._killed = 0
        self._may_kill = asyncio.Event()
        names = [client.name for client in self._clients]
        self.outcome.plan = plan.digest(seed, names, every)
        self.outcome.bound = max(client.bound for client in self._clients)

    async def go(self) -> Outcome:
        """Run it, to the end or to the first violation."""
        before = Held.now(0.0)
        with listening(self._findings):
            try:
                async with self._proxies(), self._server(), self._engines(), self._tasks():
                    await self._chaos()
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None
            if not self._findings.violations:
                await check_nothing_left(before, self._findings)
        self._check_memory()
        self._sum_up()
        return self.outcome

    # Who takes part, each to be ended after those who come later.

    @contextlib.asynccontextmanager
    async def _proxies(self) -> AsyncIterator[None]:
        with contextlib.ExitStack() as stack:
            for client in self._clients:
                stack.enter_context(client.proxy)
            yield
            for client in self._clients:
                self._count_passed(client.proxy)

    @contextlib.asynccontextmanager
    async def _server(self) -> AsyncIterator[None]:
        await self._backend.start()
        try:
            yield
        finally:
            await self._backend.kill()
            await self._backend.all_gone()

    @contextlib.asynccontextmanager
    async def _engines(self) -> AsyncIterator[None]:
        try:
            for client in self._clients:
                await client.start()
            yield
        finally:
            for client in self._clients:
                await client.stop()

    @contextlib.asynccontextmanager
    async def _tasks(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(stepper.run()) for stepper in self._steppers]
            tasks += [group.create_task(asker.run()) for asker in self._askers]
            tasks += [group.create_task(self._watch(client)) for client in self._clients]
            tasks += [group.create_task(self._kill())]
            tasks += [group.create_task(self._findings.watch_loop())]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()

    # The course.

    async def _chaos(self) -> None:
        findings, settings = self._findings, self._settings
        while not self._over():
            self._set_going(True)
            left = settings.calm_every
            if settings.faults is None:
                left = min(left, max(0.1, settings.seconds - findings.seconds))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await findings.wrong.wait()
            self._set_going(False)
            if not findings.violations:
                await self._rest()
                self._check_at_rest()
            held = self.outcome.held[-1] if self.outcome.held else None
            memory = held.memory / 2**20 if held else 0.0
            self._tell(f"{findings.seconds:6.0f} s  {self._faults()} faults  {memory:.1f} MiB")

    def _over(self) -> bool:
        if self._findings.violations:
            return True
        if len(self.outcome.held) < self._settings.rests:
            return False
        if self._settings.faults is not None:
            return self._faults() >= self._settings.faults
        return self._findings.seconds >= self._settings.seconds

    def _faults(self) -> int:
        return self._killed + sum(stepper.faults.total() for stepper in self._steppers)

    def _set_going(self, going: bool) -> None:
        events = [self._may_kill, *(stepper.may_go for stepper in self._steppers)]
        for event in events:
            if going:
                event.set()
            else:
                event.clear()

    async def _watch(self, client: Client) -> None:
        """See to it that an engine comes back in time."""
        while True:
            await asyncio.sleep(0.1)
            client.check_in_time()
            await client.look_after()

    async def _kill(self) -> None:
        for kill in self._kills:
            await asyncio.sleep(kill.wait)
            await self._may_kill.wait()
            for client in self._clients:
                client.server_goes()
            await self._backend.kill()
            self._killed += 1
            await asyncio.sleep(kill.lasts)
            await self._backend.start()
            for client in self._clients:
                client.server_comes()

    def _server_ended(self, ended: dict[str, Any]) -> None:
        if ended["how"] != "fin" or not self._backend.up:
            return  # its last words may have been lost with it
        for client in self._clients:
            client.ended_in_order(ended["connection"], ended["sent"])

    # At rest.

    async def _rest(self) -> None:
        """Wait until nothing is done to the clients, and they have come to rest."""
        for stepper in self._steppers:
            await self._in_time(stepper.resting.wait(), "the steps do not end")
        await self._in_time(self._server_is_there(), "the server does not come back")
        for client, asker in zip(self._clients, self._askers, strict=True):
            asker.paused = True
            client.proxy.heal()
            if client.tainted:
                client.restart()  # server and client may not mean the same any more
        for client in self._clients:
            await settle(client, self._findings)
        for asker in self._askers:
            await asker.all_done()
            asker.paused = False

    async def _in_time(self, waiting: Any, what: str) -> None:
        try:
            await asyncio.wait_for(waiting, self.outcome.bound + PATIENCE)
        except TimeoutError:
            self._findings.violation("run", what)

    async def _server_is_there(self) -> None:
        while not self._backend.up:  # noqa: ASYNC110 - a few times an hour
            await asyncio.sleep(0.05)

    def _check_at_rest(self) -> None:
        held = Held.now(self._findings.seconds)
        self.outcome.held.append(held)
        for what in held.above(bound_at_rest(self._clients)):
            self._findings.violation("run", f"at rest: {what}")

    # The end.

    def _check_memory(self) -> None:
        if grown := memory_grows(self.outcome.held):
            self._findings.violation("run", grown)

    def _count_passed(self, proxy: FaultProxy) -> None:
        counts = proxy.counts
        for name in counts.__slots__:
            self.outcome.passed[name] += getattr(counts, name)

    def _sum_up(self) -> None:
        outcome = self.outcome
        outcome.seconds = self._findings.seconds
        for client, stepper, asker in zip(self._clients, self._steppers, self._askers, strict=True):
            outcome.faults += stepper.faults
            outcome.operations += stepper.operations
            outcome.clients.append(
                {
                    "name": client.name,
                    "faults": stepper.faults.total(),
                    "sessions": client.dials,
                    "recoveries": client.recoveries,
                    "slowest": round(client.slowest, 3),
                    "messages": client.messages,
                    "complete": client.complete,
                    "answered": asker.answered,
                    "failed": asker.failed,
                    "excused": client.excused,
                }
            )
        outcome.stalls, outcome.excused = self._findings.stalls, self._findings.excused
        if self._killed:
            outcome.faults["server_kill"] = self._killed
