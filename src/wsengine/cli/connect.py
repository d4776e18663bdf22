"""`wsengine connect`: a connection in your own hands."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass

from ..close import Close
from ..config import EngineConfig
from ..endpoint import Endpoint, RestartFailure
from ..engine import Engine
from ..errors import EngineFailedError, EngineStartError, WSEngineError
from ..message import Message
from ..options import ConnectOptions
from ..session import Session
from ..url import display_url
from ..validation import refuse
from .feeding import Feeder, Replies
from .lines import read_lines
from .output import Output
from .problems import CommandFailed, explain
from .report import JsonReport, Report
from .transcript import Transcript


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """What `wsengine connect` was asked for.

    Args:
        url: Where to connect to.
        adapter: The name or import string of the adapter.
        options: The options of the connection.
        config: The settings of the engine.
        linger: Seconds to wait for replies after the end of piped input.
        as_json: Whether to write JSON.
    """

    url: str
    adapter: str
    options: ConnectOptions
    config: EngineConfig
    linger: float
    as_json: bool

    def __post_init__(self) -> None:
        if not self.linger >= 0:
            raise refuse("linger", self.linger, "must be a number of at least 0")


class Talker(Endpoint):
    """Reports what happens on the connection.

    Args:
        report: Where to.
        replies: Told of each message.
    """

    def __init__(self, report: Report, replies: Replies) -> None:
        self.left_by_server = False
        """Whether the last session was ended by the server, or the network."""
        self._report = report
        self._replies = replies

    def on_open(self, session: Session, *, restarting: bool) -> None:
        """Report it."""
        self._report.opened(session, restarting=restarting)

    def on_message(self, session: Session, message: Message) -> None:
        """Report it, and count it as a reply."""
        self._report.received(message)
        self._replies.came()

    def on_read_error(self, session: Session, error: Exception) -> None:
        """Report it."""
        self._report.trouble("reading failed", error)

    def on_close(self, session: Session, close: Close) -> None:
        """Report it, and note who did it."""
        self._report.closed(close)
        self.left_by_server = not close.client_initiated

    def on_close_error(self, session: Session, error: Exception) -> None:
        """Report it."""
        self._report.trouble("closing failed", error)

    def on_restart_error(self, engine: Engine, failure: RestartFailure) -> None:
        """Report it."""
        self._report.dial_failed(failure)


async def converse(wanted: Conversation) -> None:
    """Connect, send the lines of standard input, show what comes, until one side ends it.

    Raises:
        ConfigError: What is wanted is not possible.
        MissingDependencyError: The adapter's library is not installed.
        CommandFailed: There is no connection, or no more, and no use in another attempt.
    """
    output = Output(sys.stdout, on_gone=lambda: engine.exit())
    descriptor = None if sys.stdin is None else sys.stdin.fileno()
    interactive = descriptor is not None and os.isatty(descriptor)
    report = _report(wanted, output, interactive=interactive)
    replies = Replies(wanted.linger)
    talker = Talker(report, replies)
    engine = _engine(wanted, talker)
    engine.watch(report.state)
    lines = read_lines(descriptor, on_end=engine.exit if interactive else None)
    feeder = Feeder(engine, lines, report, replies)
    feeding = asyncio.create_task(feeder.run())
    feeding.add_done_callback(lambda _: engine.exit())
    try:
        await _run(engine)
    finally:
        feeding.cancel()
        await asyncio.wait({feeding})
        if feeder.unsent:
            report.unsent(feeder.unsent, "stopped before that")
    if not feeding.cancelled():
        feeding.result()
    if feeder.unsent and talker.left_by_server and wanted.config.reconnect is None:
        raise CommandFailed("the server closed the connection before everything was sent")
    if output.failure is not None and not isinstance(output.failure, BrokenPipeError):
        raise CommandFailed(f"standard output: {output.failure.strerror}") from output.failure


def _report(wanted: Conversation, output: Output, *, interactive: bool) -> Report:
    if wanted.as_json:
        return JsonReport(lambda line: output.write((line, "")))
    return Transcript(output.write, display_url(wanted.url), interactive=interactive)


def _engine(wanted: Conversation, endpoint: Endpoint) -> Engine:
    if ":" in wanted.adapter:  # a module of the user's own, most likely right here
        sys.path.insert(0, os.getcwd())
    try:
        return Engine(
            wanted.url,
            endpoint,
            adapter=wanted.adapter,
            options=wanted.options,
            config=wanted.config,
        )
    except WSEngineError:
        raise
    except Exception as error:  # an adapter of the user's own may raise anything
        raise CommandFailed(f"--adapter {wanted.adapter}: {error!r}") from error


async def _run(engine: Engine) -> None:
    try:
        await engine.run()
    except (EngineStartError, EngineFailedError) as error:
        if error.__cause__ is not None:  # else it was asked to stop before it was connected
            retrying = engine.config.reconnect is not None
            raise CommandFailed(explain(error, retrying=retrying)) from error
