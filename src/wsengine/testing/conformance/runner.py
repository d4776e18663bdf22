"""Running the checks against an adapter."""

from __future__ import annotations

import asyncio
import inspect
import linecache
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ...adapter import Adapter
from ...errors import ConfigError
from ...loading import load_adapter
from ..rawserver import RawServer
from ..wire import WireError
from .catalogue import CHECKS
from .probe import Probe
from .registry import Check, CheckFailed, CheckSkipped, Mismatch

AdapterSource: TypeAlias = Adapter | Callable[[], Adapter] | str
"""An adapter, a function or class that makes one, or a name as `Engine` takes it."""

GRACE = 2.0
"""Seconds for a cancelled check to end, and for an adapter's tasks to be gone after a check."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the checks.

    Args:
        passed: The names of those that passed.
        skipped: The names of those that did not run, each with its reason.
        failures: What was wrong with the others; empty in what `check_adapter` returns.
    """

    passed: tuple[str, ...]
    skipped: Mapping[str, str]
    failures: tuple[CheckFailed, ...] = ()

    def __str__(self) -> str:
        lines = [f"passed   {name}" for name in self.passed]
        lines += [f"skipped  {name}: {reason}" for name, reason in self.skipped.items()]
        lines += [f"FAILED   {failure}" for failure in self.failures]
        return "\n".join(lines)


class ConformanceError(AssertionError):
    """An adapter breaks the contract; the message lists every clause that it breaks.

    Args:
        report: What became of all checks.
    """

    def __init__(self, report: Report) -> None:
        count = len(report.passed) + len(report.failures)
        listed = "\n".join(str(failure) for failure in report.failures)
        super().__init__(f"{len(report.failures)} of {count} checks failed\n{listed}")
        self.report = report
        self.failures = report.failures


async def check_adapter(
    adapter: AdapterSource, *, skip: Iterable[str] | Mapping[str, str] = ()
) -> Report:
    """Run every check of the contract against an adapter, one after the other.

    The server is its own, on the loopback, at a free port. Run it on a real event loop, with
    nothing else on it: a task that appears during a check counts as left behind by the adapter.

    Args:
        adapter: The adapter; a function or class that makes one, called for every check; or
            the name of one.
        skip: The names of checks not to run; as a mapping, with the reasons.

    Returns:
        What passed, and what was skipped and why.

    Raises:
        ConformanceError: At least one check failed; lists them all.
        ConfigError: A name to skip is not that of a check.
    """
    reasons = dict(skip) if isinstance(skip, Mapping) else dict.fromkeys(skip, "as asked for")
    for name in reasons:
        find_check(name)
    passed: list[str] = []
    skipped: dict[str, str] = {}
    failures: list[CheckFailed] = []
    for name in CHECKS:
        if name in reasons:
            skipped[name] = reasons[name]
            continue
        try:
            await run_check(name, adapter)
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


async def run_check(name: str, adapter: AdapterSource, *, limit: float | None = None) -> None:
    """Run one check against an adapter, for a test that is parametrized over `CHECKS`.

    Args:
        name: The name of the check.
        adapter: As for `check_adapter`.
        limit: Seconds that it may take; what the check itself says where it is `None`.

    Raises:
        CheckFailed: The adapter breaks the clause.
        CheckSkipped: The clause does not apply to it.
        ConfigError: There is no such check.
    """
    check = find_check(name)
    before = asyncio.all_tasks()
    faults: list[WireError] = []
    try:
        async with RawServer() as server:
            faults = server.faults
            probe = Probe(make_adapter(adapter), server, natively=check.natively)
            try:
                await _run_bounded(check, probe, check.limit if limit is None else limit)
            finally:
                await probe.finish()
        await _expect_nothing_left(before)
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


async def _run_bounded(check: Check, probe: Probe, limit: float) -> None:
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
