from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from wsengine import ConfigError, ConnectError, EngineState, EngineStateError
from wsengine.testing import Accept, Refuse

from ..tools import now, settle
from .stage import ADAPTER, OTHER, heartbeat, made, subject


async def test_it_starts_stops_and_starts_again() -> None:
    async with subject(Accept()) as sub:
        assert sub.engine.state is EngineState.IDLE
        await sub.start()
        await settle()
        assert sub.engine.state is EngineState.OPEN
        with pytest.raises(EngineStateError, match="runs already"):
            await sub.start()
        await sub.stop()
        assert sub.engine.state is EngineState.STOPPED
        await sub.start()
        await settle()
        assert sub.engine.state is EngineState.OPEN


async def test_a_start_does_not_wait_for_the_first_session() -> None:
    async with subject(
        Refuse(ConnectError("refused", status=503)),
        Refuse(ConnectError("refused", status=503)),
        Accept(),
    ) as sub:
        await sub.start()
        await settle()
        assert sub.engine.state is EngineState.WAITING
        await asyncio.sleep(30)
        assert sub.engine.state is EngineState.OPEN


async def test_a_fatal_end_is_no_error_of_the_playground() -> None:
    async with subject(Refuse(ConnectError("refused", status=404))) as sub:
        await sub.start()
        await settle()
        assert sub.engine.state is EngineState.STOPPED
        assert sub.board.history.entries[-1]["kind"] == "stop"
        await sub.start()


async def test_other_workers_are_another_engine_that_runs_if_the_old_one_did() -> None:
    async with subject() as sub:
        first = sub.engine
        await sub.exchange(workers=5)
        assert sub.engine is not first
        assert sub.engine.state is EngineState.IDLE
        await sub.start()
        await settle()
        second = sub.engine
        await sub.exchange(adapter=OTHER)
        await settle()
        assert second.state is EngineState.STOPPED
        assert (sub.engine.state, sub.engine.config.workers) == (EngineState.OPEN, 5)
        assert (sub.settings.adapter, sub.settings.workers) == (OTHER, 5)
        assert len(sub.board.lanes.lanes) == 5


async def test_a_stop_says_who_asked_for_it() -> None:
    async with subject() as sub:
        for ask, cause in (
            (sub.stop, "by stop()"),
            (sub.exit, "by exit()"),
            (partial(sub.exchange, workers=3), "for another number of workers"),
            (partial(sub.exchange, adapter=OTHER), "for another adapter"),
        ):
            if sub.engine.state is not EngineState.OPEN:
                await sub.start()
                await settle()
            await ask()
            await settle()
            stops = [each for each in sub.board.history.entries if each["kind"] == "stop"]
            assert stops[-1]["cause"] == cause
            changes = sub.board.history.changes.since(0)
            assert cause in [each["reason"] for each in changes if each["state"] == "stopped"]


async def test_a_stop_before_the_first_session_says_so_too() -> None:
    async with subject(Refuse(ConnectError("refused", status=503))) as sub:
        await sub.start()
        await settle()
        await sub.stop()
        assert sub.board.history.entries[-1]["cause"] == "by stop()"


async def test_an_end_that_nobody_asked_for_keeps_its_cause() -> None:
    async with subject(Accept(), Refuse(ConnectError("404 there", status=404))) as sub:
        await sub.start()
        await settle()
        await sub.stop()
        await sub.start()
        await settle()
        assert "404" in sub.board.history.entries[-1]["cause"]


DOCS = (Path(__file__).parents[3] / "docs/playground.md").read_text(encoding="utf-8")


async def test_a_server_without_pongs_is_found_out_when_the_docs_say() -> None:
    assert "after twelve to thirteen\n  seconds" in DOCS
    async with subject() as sub:
        await sub.start()
        await settle()
        connection = made[-1].connection
        connection.ping_delay = None
        began = now()
        while sub.engine.state is EngineState.OPEN:
            connection.feed(heartbeat())
            await asyncio.sleep(0.125)  # eight a second, as echoes come unless told otherwise
        assert 12 <= now() - began <= 14


async def test_the_same_again_changes_nothing() -> None:
    async with subject() as sub:
        engine = sub.engine
        await sub.exchange(adapter=ADAPTER, workers=2)
        assert sub.engine is engine


async def test_what_cannot_be_made_leaves_the_old_one() -> None:
    async with subject() as sub:
        await sub.start()
        await settle()
        engine = sub.engine
        with pytest.raises(ConfigError):
            await sub.exchange(adapter="no such thing")
        assert sub.engine is engine
        assert (engine.state, sub.settings.adapter) == (EngineState.OPEN, ADAPTER)


async def test_pause_and_resume() -> None:
    async with subject() as sub:
        with pytest.raises(EngineStateError, match="idle"):
            sub.pause()
        with pytest.raises(EngineStateError, match="not paused"):
            sub.resume()
        await sub.start()
        await settle()
        sub.pause()
        sub.pause()
        await settle()
        made[-1].connection.feed('{"type": "heartbeat"}', '{"type": "heartbeat"}')
        await settle()
        assert sub.held == 2
        assert sub.board.callbacks.told()["on_message"]["count"] == 0
        sub.resume()
        await settle()
        assert sub.held is None
        assert sub.board.callbacks.told()["on_message"]["count"] == 2


async def test_a_pause_ends_with_its_session() -> None:
    async with subject(Accept(), Accept()) as sub:
        await sub.start()
        await settle()
        sub.pause()
        await settle()
        made[-1].connection.lose()
        await settle()
        assert sub.held is None
        await asyncio.sleep(10)
        assert sub.engine.state is EngineState.OPEN


async def test_it_subscribes_to_the_heartbeat() -> None:
    async with subject() as sub:
        await sub.start()
        await settle()
        assert made[-1].connection.sent == ['{"type":"subscribe_request","topic":"heartbeat"}']
