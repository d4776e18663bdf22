from __future__ import annotations

import asyncio

import pytest

from wsengine import ConfigError, ConnectError, EngineState, EngineStateError
from wsengine.testing import Accept, Refuse

from ..tools import settle
from .stage import ADAPTER, OTHER, made, subject


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
