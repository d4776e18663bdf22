"""What the demo shows: live while it happens, and a summary at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.box import ROUNDED
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ..close import Close
from ..endpoint import RestartFailure
from ..session import Session
from ..states import EngineState, StateChange
from .demo_faults import FAULTS, Count, Fault, Outcome

INTRODUCTION = """\
An endpoint talks to an echo server on [bold]{url}[/],
and the connection breaks {faults} times. The endpoint does nothing about it:
its six callbacks tell it what happens, and the engine comes back."""

NEXT = """
Next: run `wsengine echo-server`, and in another terminal `wsengine connect ws://127.0.0.1:8765`;
type a line, stop the server, start it again."""


class DemoShow:
    """Writes to standard output: styled and moving on a terminal, plain lines elsewhere.

    Args:
        clock: Returns the present time in seconds.
        console: Where to.
    """

    def __init__(self, clock: Callable[[], float], console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._clock = clock
        self._began = clock()
        self._status = self._console.status("", spinner="dots", spinner_style="cyan")
        self._next_dial = 0.0
        self._url = ""

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._began

    def begin(self, url: str) -> None:
        """Say what is going to happen."""
        self._url = url
        text = INTRODUCTION.format(url=url, faults=len(FAULTS))
        self._console.print(Panel(text, title="wsengine demo", expand=False, border_style="cyan"))
        self._console.print()
        if self._console.is_terminal:
            self._status.start()

    def end(self) -> None:
        """Stop what moves."""
        self._status.stop()

    def progress(self, count: Count) -> None:
        """Show, where something can move, what goes on at this moment."""
        left = self._next_dial - self._clock()
        self._status.update(f"next dial in {left:.1f} s" if left > 0 else str(count))

    def fault(self, number: int, fault: Fault, count: Count) -> None:
        """Announce a fault."""
        self._section(f"Fault {number} of {len(FAULTS)}: {fault.title}", count)
        self._console.print(fault.explanation, style="dim", soft_wrap=True)

    def last(self, count: Count) -> None:
        """Announce the end."""
        self._section("The end: engine.stop()", count)

    def state(self, change: StateChange) -> None:
        """Show a delay, a dial, and the end; the callbacks tell of the rest."""
        if change.state is EngineState.WAITING:
            delay = change.delay or 0.0
            self._next_dial = self._clock() + delay
            self._line("waiting", f"next dial in {delay:.2f} s")
        elif change.state is EngineState.OPENING:
            self._next_dial = 0.0
            self._line("dialling", "")
        elif change.state is EngineState.STOPPED:
            self._line("stopped", "")

    def opened(self, session: Session, *, restarting: bool) -> None:
        """Show `on_open`."""
        self._line("on_open", f"session {session.id[:8]}, restarting={restarting}", "green")

    def closed(self, close: Close) -> None:
        """Show `on_close`."""
        self._line("on_close", str(close), "" if close.client_initiated else "red")

    def dial_failed(self, failure: RestartFailure) -> None:
        """Show `on_restart_error`."""
        why = str(failure.error).removeprefix(f"{self._url}: ").partition(";")[0]
        self._line("on_restart_error", f"attempt {failure.attempt}: {why}", "red")

    def recovered(self, seconds: float) -> None:
        """Show the first echo after a fault."""
        self._line("recovered", f"first echo {seconds:.2f} s after the fault", "bold green")

    def summary(
        self,
        outcomes: Sequence[Outcome],
        count: Count,
        verdict: str,
        *,
        ok: bool,
        tables: Sequence[Table] = (),
    ) -> None:
        """Show what was seen of each fault, other tables, and the verdict."""
        table = Table(box=ROUNDED, border_style="cyan")
        table.add_column("fault")
        table.add_column("on_close", justify="right")
        table.add_column("failed dials", justify="right")
        table.add_column("recovered after", justify="right")
        for outcome in outcomes:
            seen = "-" if outcome.close is None else f"{outcome.close.code:d}"
            took = "not seen" if outcome.seconds is None else f"{outcome.seconds:.2f} s"
            table.add_row(outcome.fault.title, seen, str(outcome.failed_dials), took)
        self._console.print()
        for shown in (table, *tables):
            self._console.print(shown)
        self._console.print(f"Messages: {count}, {count.lost} lost with a connection.")
        self._console.print(verdict, style="bold green" if ok else "bold red")
        self._console.print(NEXT, style="dim", soft_wrap=True)

    def _section(self, title: str, count: Count) -> None:
        self._line("exchanged", str(count))
        self._console.print()
        self._console.print(title, style="bold yellow", soft_wrap=True)

    def _line(self, what: str, text: str, style: str = "") -> None:
        line = Text.assemble(
            (f"{self.elapsed:6.2f} s  ", "dim"), (f"{what:<16}  ", style or "cyan"), (text, style)
        )
        line.rstrip()
        self._console.print(line, soft_wrap=True)
