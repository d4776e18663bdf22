"""One engine under attack, with its own fault proxy, and what it is known to have gone through."""

from __future__ import annotations

import asyncio
import contextlib

from wsengine import (
    ConnectOptions,
    Engine,
    EngineFailedError,
    EngineStartError,
    EngineState,
    StateChange,
)
from wsengine.testing import FaultProxy

from .findings import Findings
from .ledger import Ledger
from .recovering import Recovery
from .settings import HANGS, SLACK, config, slowest_recovery
from .watching import Watcher, Witness
from .wire import Sealed


class Client:
    """One engine.

    Args:
        name: What it is called.
        adapter: The name of its adapter.
        workers: Its workers.
        target: The server, as "host:port".
        seed: Where chance begins.
        findings: Told of what happens.

    Attributes:
        dials: How many times it has dialled.
        sessions_open: Calls of `on_open` that succeeded, less those of `on_close`.
        messages: Messages that were checked, in sessions that are over.
        complete: Sessions of which all that the server had sent was demanded, and was there.
        recoveries: How many times it came back.
        slowest: Seconds of the slowest recovery, from the loss to the open session, less what
            faults have cost meanwhile.
        excused: How many times it stopped by itself, because a changed byte had made the server's
            answer a fatal one.
    """

    def __init__(
        self, name: str, adapter: str, workers: int, target: str, seed: int, findings: Findings
    ) -> None:
        self.name = name
        self.config = config(name, workers)
        self.bound = slowest_recovery(self.config)
        self.proxy = FaultProxy(f"ws://{target}", seed=seed)
        self.dials = self.sessions_open = self.messages = self.complete = 0
        self.recoveries = self.excused = 0
        self.slowest = 0.0
        self.ledger = self._unopened()
        self.engine = Engine(
            self._url,
            Watcher(self),
            adapter=adapter,
            options=ConnectOptions(proxy=None),
            config=self.config,
            codec=Sealed(),
            correlator=Witness(self),
        )
        self.engine.watch(self._follow)
        self.wanted = False
        """Whether it is meant to run."""
        self._state = EngineState.IDLE
        self.findings = findings
        self._lost = False
        self._recovery = Recovery(
            self.config, lambda: self.proxy.counts, lambda: asyncio.get_running_loop().time()
        )
        self._tainted_at_dial = 0
        self._life = 0  # counts starts and stops, so that of two the later one holds
        self._starting = False

    def __repr__(self) -> str:
        return f"<Client {self.name}>"

    def note(self, what: str) -> None:
        """Remember what happened."""
        self.findings.note(self.name, what)

    def violated(self, what: str) -> None:
        """Remember what must not happen."""
        self.findings.violation(self.name, what)

    # Faults.

    def fault_begins(self, what: str) -> None:
        """Note a fault."""
        self.note(f"fault: {what}")
        self.ledger.disturbed()

    def server_goes(self) -> None:
        """Note that the server is killed."""
        self.fault_begins("the server is killed")
        self._recovery.server_goes()

    def server_comes(self) -> None:
        """Note that it is there again."""
        self._recovery.server_comes()

    @property
    def is_open(self) -> bool:
        """Whether it has an open session that has not ended."""
        session = self.engine.session
        return session is not None and session.closed is None

    @property
    def tainted(self) -> bool:
        """Whether a byte was changed since the last dial."""
        return self.proxy.counts.corrupted != self._tainted_at_dial

    def check_in_time(self) -> None:
        """Look whether it takes longer to come back than its policy allows."""
        if self.is_open:
            self._recovery.begins()  # it may be lost without a fault, too
        elif self.wanted and self.engine.state is not EngineState.STOPPED:
            # Where it has stopped, `look_after` sees to that.
            self._judge(f"not open, but {self.engine.state.value},")

    def _judge(self, what: str) -> None:
        recovery = self._recovery
        if recovery.taken > self.bound + self.findings.stalled(recovery.away):
            self.violated(
                f"{what} {recovery.away:.1f} s after the loss or start, of which faults have "
                f"cost {recovery.cost:.1f} s; {self.bound:.1f} s are allowed"
            )

    # The engine.

    async def start(self) -> None:
        """Start the engine; one whose start a changed byte has made fail is started again."""
        self.wanted, self._starting = True, True
        self._life += 1
        life = self._life
        self._recovery.begins()
        try:
            while life == self._life:
                try:
                    await self.engine.start()
                except EngineStartError as error:
                    if not self._excuse(error):
                        break
                else:
                    break
        finally:
            if life == self._life:
                self._starting = False

    async def stop(self) -> None:
        """Stop the engine, and see whether it takes too long."""
        self.wanted = self._starting = False
        self._life += 1
        self.ledger.hurried = True
        loop = asyncio.get_running_loop()
        began = loop.time()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HANGS):
                await self.engine.stop()
        took = loop.time() - began
        if took > self.config.stop_timeout + SLACK + self.findings.stalled(took):
            self.violated(f"stop() took {took:.1f} s")
        if self.engine.state is not EngineState.STOPPED:
            self.violated(f"after stop() it is {self.engine.state.value}")
        if self.sessions_open:
            self.violated(f"{self.sessions_open} sessions without on_close after stop()")

    async def look_after(self) -> None:
        """Start an engine again that has stopped by itself, if it may."""
        if not self.wanted or self._starting or self.engine.state is not EngineState.STOPPED:
            return
        try:
            await self.engine.wait_stopped()
        except EngineFailedError as error:
            if self._excuse(error):
                await self.start()
        else:
            self.violated("stopped by itself, without an error")

    def _excuse(self, error: Exception) -> bool:
        if not self.tainted:
            if self.wanted:
                self.violated(f"stopped by itself: {error}")
            return False
        self.note(f"stopped, after a changed byte: {error}")
        self.excused += 1
        return True

    def restart(self) -> None:
        """Ask the engine for a fresh connection."""
        self.ledger.hurried = True
        if self.engine.state is EngineState.OPENING:
            self._recovery.is_spoilt()
        if self.engine.state not in {EngineState.IDLE, EngineState.STOPPED}:
            self.engine.restart()

    # What the engine tells.

    def new_ledger(self) -> Ledger:
        """Return the account of the session that is being opened."""
        taint = self._tainted_at_dial
        self.ledger = Ledger(
            f"{self.name}.{self.dials}",
            self.config.workers,
            self.violated,
            lambda: self.proxy.counts.corrupted != taint,
        )
        self.ledger.hurried = not self.wanted
        return self.ledger

    def settle(self, ledger: Ledger) -> None:
        """Count a session that is over."""
        self.sessions_open -= 1
        self.messages += ledger.checked
        self.complete += ledger.complete

    def ended_in_order(self, connection: str, sent: int) -> None:
        """Note that the server has ended a connection behind its last message."""
        ledger = self.ledger
        if ledger.connection == connection:
            counted = ledger.complete
            ledger.promise(sent)
            self.complete += ledger.complete and not counted and ledger.closed is not None

    def _unopened(self) -> Ledger:
        return Ledger("", 0, lambda _: None, lambda: False)

    def _url(self) -> str:
        self.dials += 1
        self._recovery.dials()
        self._tainted_at_dial = self.proxy.counts.corrupted
        return f"{self.proxy.url}/{self.name}.{self.dials}"

    def _follow(self, change: StateChange) -> None:
        self.note(f"{change.previous.value} -> {change.state.value}: {change.reason}")
        if change.previous is not self._state:
            self.violated(f"{change.previous.value} was left, but it was {self._state.value}")
        self._state = change.state
        if change.state is EngineState.CLOSING:
            self._lost = True
        elif change.state is EngineState.OPEN:
            self._recovered()
            self._recovery.begins()

    def _recovered(self) -> None:
        if not self._lost:
            return
        self._lost = False
        self.recoveries += 1
        taken = self._recovery.taken
        self.slowest = max(self.slowest, taken)
        self.note(f"open {self._recovery.away:.3f} s after the loss, {taken:.3f} s its own")
        self._judge("open only")
