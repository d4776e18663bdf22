"""Running the checks against an adapter."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import inspect
import linecache
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from ...adapter import Adapter
from ...errors import ConfigError
from ...loading import load_adapter
from ..rawserver import RawServer
from ..wire import WireError
from .catalogue import CHECKS
from .probe import Probe, UnixSource
from .registry import Check, CheckFailed, CheckSkipped, Mismatch
from .report import ConformanceError, Report

AdapterSource: TypeAlias = Adapter | Callable[[], Adapter] | str
"""An adapter, a function or class that makes one, or a name as `Engine` takes it."""

NOTHING: Mapping[str, str] = MappingProxyType({})

GRACE = 2.0
"""Seconds for a cancelled check to end, and for an adapter's tasks to be gone after a check."""


async def check_adapter(
    adapter: AdapterSource,
    *,
    skip: Iterable[str] | Mapping[str, str] = (),
    cannot: Mapping[str, str] = NOTHING,
    unix: UnixSource | None = None,
) -> Report:
    """Run every check of the contract against an adapter, one after the other.

    The server is its own, on the loopback, at a free port. Run it on a real event loop, with
    nothing else on it: a task that appears during a check counts as left behind by the adapter.

    Args:
        adapter: The adapter; a function or class that makes one, called for every check; or
            the name of one.
        skip: The names of checks not to run; as a mapping, with the reasons.
        cannot: What the adapter's library cannot do: names of checks, with the reasons. They
            run nevertheless. One that passes is a failure, so that the list stays true; one on
            a way to dial, such as a proxy, wants a dial that is refused with a clear error.
        unix: Makes an adapter for the unix socket at a path. Without it, unix sockets count as
            not offered.

    Returns:
        What passed, and what was skipped, or cannot be, and why.

    Raises:
        ConformanceError: At least one check failed; lists them all.
        ConfigError: A name to skip, or in `cannot`, is not that of a check.
    """
    reasons = dict(skip) if isinstance(skip, Mapping) else dict.fromkeys(skip, "as asked for")
    for name in (*reasons, *cannot):
        find_check(name)
    passed: list[str] = []
    skipped: dict[str, str] = {}
    failures: list[CheckFailed] = []
    for name in CHECKS:
        if name in reasons:
            skipped[name] = reasons[name]
            continue
        try:
            await run_check(name, adapter, cannot=cannot.get(name), unix=unix)
        except CheckSkipped as why:
            skipped[name] = str(why)
        except CheckFailed as failure:
            failures.append(failure)
        else:
            passed.append(name)
    report = Report(tuple(passed), skipped, tuple(failures))
    if failures:
        raise ConformanceError(report)
    return report


async def run_check(
    name: str,
    adapter: AdapterSource,
    *,
    limit: float | None = None,
    cannot: str | None = None,
    unix: UnixSource | None = None,
) -> None:
    """Run one check against an adapter, for a test that is parametrized over `CHECKS`.

    Args:
        name: The name of the check.
        adapter: As for `check_adapter`.
        limit: Seconds that it may take; what the check itself says where it is `None`.
        cannot: Why the adapter cannot pass it, if it cannot; see `check_adapter`.
        unix: As for `check_adapter`.

    Raises:
        CheckFailed: The adapter breaks the clause, or keeps one that it cannot keep.
        CheckSkipped: The clause does not apply to it, or cannot be checked on this machine.
        ConfigError: There is no such check.
    """
    check = find_check(name)
    if limit is not None:
        check = dataclasses.replace(check, limit=limit)
    try:
        await _run(check, adapter, cannot, unix)
    except CheckFailed as failure:
        if cannot is None or check.declinable:
            raise
        raise CheckSkipped(cannot) from failure
    except CheckSkipped as why:
        raise CheckSkipped(cannot or str(why)) from why
    if cannot is not None:
        raise CheckFailed(
            check, f"not to pass, as it is said: {cannot}", "it passed: take it off the list"
        )


async def _run(
    check: Check, adapter: AdapterSource, cannot: str | None, unix: UnixSource | None
) -> None:
    """Run a check with a server of its own, and see that it leaves nothing behind."""
    before = asyncio.all_tasks()
    faults: list[WireError] = []
    try:
        async with RawServer() as server:
            faults = server.faults
            made = make_adapter(adapter)
            probe = Probe(made, server, natively=check.natively, unix=unix, cannot=cannot)
            with _reports() as reported:
                try:
                    await _run_bounded(check, probe)
                finally:
                    await probe.finish()
        await _expect_nothing_left(before)
        if reported:
            raise Mismatch("nothing is reported to the event loop", _told_by(reported[0]))
    except CheckSkipped:
        raise
    except Exception as error:
        cause = faults[0] if faults else error
        raise CheckFailed(check, *_explain(check, cause)) from cause


def find_check(name: str) -> Check:
    """Return the check of a name.

    Raises:
        ConfigError: There is none.
    """
    if name not in CHECKS:
        raise ConfigError(f"check {name!r}: there is none; the checks are: {', '.join(CHECKS)}")
    return CHECKS[name]


def make_adapter(source: AdapterSource) -> Adapter:
    """Return an adapter from what `check_adapter` takes."""
    if isinstance(source, type) or (callable(source) and not hasattr(source, "connect")):
        return load_adapter(source())
    return load_adapter(source)


async def _run_bounded(check: Check, probe: Probe) -> None:
    limit = check.limit
    task = asyncio.create_task(check.function(probe))
    try:
        await asyncio.wait({task}, timeout=limit)
        if not task.done():
            where = _waiting_at(task)
            raise Mismatch(f"to be done within {limit:g} s", f"it still waited at: {where}")
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=GRACE)
            task.add_done_callback(_look_at)
    task.result()


@contextlib.contextmanager
def _reports() -> Iterator[list[dict[str, Any]]]:
    """Collect what is reported to the event loop meanwhile: exceptions that nobody caught."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    reported: list[dict[str, Any]] = []

    def note(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # A transport that is lost, the server's too, may be reported; some give the class alone.
        error = context.get("exception")
        kind = error if isinstance(error, type) else type(error)
        if "transport" not in context or not issubclass(kind, OSError):
            reported.append(context)

    loop.set_exception_handler(note)
    try:
        yield reported
    finally:
        loop.set_exception_handler(before)


def _told_by(context: Mapping[str, Any]) -> str:
    """Return what a report to the event loop says."""
    return f"{context['message']}: {context.get('exception')!r}"


async def _expect_nothing_left(before: set[asyncio.Task[Any]]) -> None:
    left = asyncio.all_tasks() - before
    if left:
        _, left = await asyncio.wait(left, timeout=GRACE)
    if left:
        raise Mismatch("no task is left running", f"there are {left}")


def _explain(check: Check, error: Exception) -> tuple[str, str]:
    """Return what was expected and what happened."""
    if isinstance(error, Mismatch):
        return error.expected, error.happened
    if isinstance(error, WireError):
        return "a client that keeps to RFC 6455", str(error)
    at = _raised_at(check, error)
    if isinstance(error, EOFError | ConnectionError) and "peer." in at:
        return "the client keeps the connection", f"it was gone at: {at}"
    return "no exception", f"{error!r} was raised at: {at}"


def _waiting_at(task: asyncio.Task[Any]) -> str:
    """Return the line of the check on which it waits."""
    frames = task.get_stack()
    return _line(frames[0].f_code.co_filename, frames[0].f_lineno) if frames else "its end"


def _raised_at(check: Check, error: Exception) -> str:
    """Return the line of the check from which an exception came."""
    summary = traceback.extract_tb(error.__traceback__)
    own = [entry for entry in summary if entry.filename == inspect.getfile(check.function)]
    entry = (own or summary)[-1]
    return _line(entry.filename, entry.lineno or 0)


def _line(filename: str, number: int) -> str:
    return f"{linecache.getline(filename, number).strip()} ({Path(filename).name}:{number})"


def _look_at(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()  # seen: or the event loop would report it
