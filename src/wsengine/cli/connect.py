"""`wsengine connect`: a connection in your own hands."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..endpoint import Endpoint
from ..engine import Engine
from ..errors import EngineFailedError, EngineStartError, WSEngineError
from ..url import display_url
from .bare import Bare
from .endings import Ending, Expected, FirstReply, Replies
from .faces import choose_face
from .feeding import Feeder
from .problems import CommandFailed, advise, explain
from .record import Recorder, create
from .replay import Replay, read_recording
from .report import JsonReport, Report
from .reports import Reports
from .sources import Chain, Given, Source, TextLines
from .status import Status
from .talker import Talker
from .transcript import Transcript
from .wanted import WITHIN, Wanted


async def converse(wanted: Wanted) -> None:
    """Connect, send what is to be sent, show what comes, until one side ends it.

    Raises:
        ConfigError: What is wanted is not possible.
        MissingDependencyError: The adapter's library is not installed.
        CommandFailed: There is no connection, or no more, and no use in another attempt; or
            what was expected was not seen.
    """
    await _Conversation(wanted).hold()


class _Conversation:
    """Everything that one conversation needs, put together.

    Args:
        wanted: What was asked for.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        outgoing = [] if wanted.replay is None else read_recording(wanted.replay)
        descriptor = _standard_input(wanted)
        self._typed = descriptor is not None and os.isatty(descriptor)
        self._face = choose_face(wanted, descriptor, self._exit, self._without_history)
        screen = self._screen()
        self._report = Reports(screen)
        self._ending = self._until(screen)
        self._talker = Talker(self._report, self._ending)
        self._engine = _engine(wanted, self._talker)
        replay = Replay(outgoing, 1.0 if wanted.speed is None else wanted.speed)
        self._engine.watch(self._report.state)
        self._engine.watch(replay.follow)
        lines = self._face.read(self._exit if self._typed else None)
        sources: list[Source] = [Given(wanted.send), replay, TextLines(lines, self._report)]
        self._feeder = Feeder(self._engine, Chain(sources), self._report, self._ending)
        self._is_late = False

    async def hold(self) -> None:
        """Hold it, to its end."""
        status = Status(display_url(self._wanted.url), lambda: self._engine.session)
        self._engine.watch(status.follow)
        with self._recorded():
            async with self._face.shown(status):
                await self._feed_and_run()
        failure = self._face.output.failure
        if failure is not None and not isinstance(failure, BrokenPipeError):
            raise CommandFailed(f"standard output: {failure.strerror}") from failure
        self._check_what_is_missing()

    async def _feed_and_run(self) -> None:
        feeding = asyncio.create_task(self._feeder.run())
        feeding.add_done_callback(lambda _: self._exit())
        loop = asyncio.get_running_loop()
        within = self._wanted.within or WITHIN
        deadline = loop.call_later(within, self._expire) if self._wanted.has_goal else None
        try:
            await self._run()
        finally:
            if deadline is not None:
                deadline.cancel()
            feeding.cancel()
            await asyncio.wait({feeding})
            if self._feeder.unsent:
                self._report.unsent(self._feeder.unsent, "stopped before that")
        if not feeding.cancelled():
            feeding.result()
        if self._feeder.unsent and self._talker.left and self._wanted.config.reconnect is None:
            raise CommandFailed("the server closed the connection before everything was sent")

    async def _run(self) -> None:
        try:
            await self._engine.run()
        except (EngineStartError, EngineFailedError) as error:
            if self._wanted.has_goal and self._ending.missing("") is None:
                return  # what came afterwards does not matter
            retrying = self._engine.config.reconnect is not None
            raise CommandFailed(explain(error, retrying=retrying)) from error

    def _check_what_is_missing(self) -> None:
        missing = self._ending.missing(self._why())
        if missing is None:
            return
        failure = self._talker.failure
        raise CommandFailed(missing if failure is None else f"{missing}; {advise(failure)}")

    def _why(self) -> str:
        if self._is_late:
            return f"within {self._wanted.within or WITHIN:g} s"
        if self._face.output.failure is not None:
            return "before standard output was closed"
        if self._talker.left is not None:
            return f"before the server closed the connection: {self._talker.left}"
        return "before it was stopped"

    def _exit(self) -> None:
        self._engine.exit()

    def _expire(self) -> None:
        self._is_late = True
        self._exit()

    def _without_history(self, error: OSError) -> None:
        why = OSError(f"{error.filename}: {error.strerror}")
        self._report.trouble("lines are not kept for the next time", why)

    def _screen(self) -> Report:
        """Return the report that is for who reads standard output."""
        wanted, output = self._wanted, self._face.output
        if wanted.as_json:
            return JsonReport(lambda line: output.write((line, "")))
        if wanted.once:
            terminal = output.console is not None
            return Bare(output.write, everything=bool(wanted.expect), terminal=terminal)
        return Transcript(
            output.write,
            display_url(wanted.url),
            interactive=self._typed,
            shows_sent=not wanted.reads_input or (bool(wanted.send) and not self._typed),
        )

    def _until(self, screen: Report) -> Ending:
        """Return what ends the conversation."""
        wanted = self._wanted
        if wanted.expect:
            # What is piped is sent to its end; who types is not waited for.
            on_all = self._exit if self._typed else lambda: None
            return Expected(wanted.patterns, on_all)
        if wanted.once:
            return FirstReply(screen.show if isinstance(screen, Bare) else lambda reply: None)
        return Replies(wanted.linger)

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """Write the recording, if one is asked for."""
        path = self._wanted.record
        if path is None:
            yield
            return
        file = create(path, force=self._wanted.force)
        recorder = Recorder(file, display_url(self._wanted.url), self._exit)
        self._report.add(recorder)
        try:
            if recorder.failure is None:
                yield
        finally:
            recorder.end()
        if recorder.failure is not None:
            raise CommandFailed(f"--record {path}: {recorder.failure.strerror}")


def _standard_input(wanted: Wanted) -> int | None:
    """Return the descriptor of the input, or `None` where none is to be read."""
    if sys.stdin is None or not wanted.reads_input:
        return None
    descriptor = sys.stdin.fileno()
    return None if wanted.once and os.isatty(descriptor) else descriptor


def _engine(wanted: Wanted, endpoint: Endpoint) -> Engine:
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
