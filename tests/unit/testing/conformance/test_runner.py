"""Running a check is bounded in time, and tells where it stood. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from wsengine import ConfigError, ConnectError, ConnectOptions
from wsengine.adapter import Connection
from wsengine.testing import (
    CHECKS,
    CheckFailed,
    CheckSkipped,
    ConformanceError,
    ScriptedAdapter,
    check_adapter,
    run_check,
)
from wsengine.testing.conformance.runner import GRACE, make_adapter


class Hangs:
    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        await asyncio.get_running_loop().create_future()
        raise AssertionError


class IgnoresCancellation:
    def __init__(self) -> None:
        self.released = asyncio.Event()

    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                continue
        raise OSError("released")


class Breaks:
    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        raise KeyError("a bug of the adapter")


@pytest.mark.parametrize("limit", [None, 2.5])
async def test_a_check_that_hangs_is_ended_and_tells_where(limit: float | None) -> None:
    began = asyncio.get_running_loop().time()
    with pytest.raises(CheckFailed) as caught:
        await run_check("receives_text", Hangs(), limit=limit)
    seconds = CHECKS["receives_text"].limit if limit is None else limit
    assert asyncio.get_running_loop().time() - began == pytest.approx(seconds, abs=0.1)
    assert caught.value.name == "receives_text"
    assert caught.value.expected == f"to be done within {seconds:g} s"
    assert "await probe.connect()" in caught.value.happened
    assert "messages.py:" in caught.value.happened


async def test_a_check_that_ignores_its_cancellation_is_left_behind() -> None:
    adapter = IgnoresCancellation()
    began = asyncio.get_running_loop().time()
    with pytest.raises(CheckFailed, match="to be done within 1 s"):
        await run_check("receives_text", adapter, limit=1)
    assert asyncio.get_running_loop().time() - began < 1 + 2 * GRACE
    adapter.released.set()


async def test_an_exception_of_the_adapter_is_named_with_the_line_of_the_check() -> None:
    with pytest.raises(CheckFailed, match="a bug of the adapter") as caught:
        await run_check("sends_text", Breaks())
    assert "await probe.connect() (sending.py:" in caught.value.happened
    assert isinstance(caught.value.__cause__, KeyError)


async def test_cancelling_a_run_leaves_nothing() -> None:
    before = asyncio.all_tasks()
    running = asyncio.create_task(run_check("receives_text", Hangs()))
    await asyncio.sleep(1)
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
    assert asyncio.all_tasks() == before


async def test_an_adapter_that_connects_to_nothing_is_no_way_through() -> None:
    """An adapter in memory never reaches the server, and so passes nothing that the server sees."""
    with pytest.raises(CheckFailed):
        await run_check("sends_text", ScriptedAdapter(), limit=1)


class Refuses:
    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        raise ConnectError("nobody listens")


async def test_what_cannot_pass_and_does_not_is_skipped_with_the_reason() -> None:
    with pytest.raises(CheckSkipped, match="the library is old") as caught:
        await run_check("receives_text", Refuses(), cannot="the library is old")
    assert isinstance(caught.value.__cause__, CheckFailed)
    with pytest.raises(CheckSkipped, match="it wants TCP"):
        await run_check("dials_a_unix_socket", Refuses(), cannot="it wants TCP")


async def test_what_cannot_pass_but_does_is_a_failure() -> None:
    await run_check("tells_that_nobody_listens", Refuses())
    with pytest.raises(CheckFailed, match="it passed: take it off the list") as caught:
        await run_check("tells_that_nobody_listens", Refuses(), cannot="the library is old")
    assert caught.value.expected == "not to pass, as it is said: the library is old"


async def test_the_report_has_what_cannot_be_and_the_error_what_passes_after_all() -> None:
    names = ("tells_that_nobody_listens", "receives_text")
    others = set(CHECKS) - set(names)
    report = await check_adapter(Refuses, skip=others, cannot={"receives_text": "it is mute"})
    assert report.passed == ("tells_that_nobody_listens",)
    assert report.skipped["receives_text"] == "it is mute"
    with pytest.raises(ConformanceError, match="take it off the list"):
        await check_adapter(Refuses, skip=others, cannot=dict.fromkeys(names, "it is mute"))


async def test_what_cannot_pass_is_a_check_that_there_is() -> None:
    with pytest.raises(ConfigError, match="recieves_text"):
        await check_adapter(Refuses, cannot={"recieves_text": "it is mute"})


def test_an_adapter_is_made_of_what_is_given() -> None:
    given = Breaks()
    assert make_adapter(given) is given
    assert isinstance(make_adapter(Breaks), Breaks)
    assert make_adapter(lambda: given) is given
    assert hasattr(make_adapter("websockets"), "connect")


@pytest.mark.parametrize("wrong", ["no_such_library", lambda: "no_such_library"])
def test_what_is_no_adapter_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigError, match="no_such_library"):
        make_adapter(wrong)  # type: ignore[arg-type]
