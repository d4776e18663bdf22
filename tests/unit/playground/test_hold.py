from __future__ import annotations

import pytest

from wsengine.playground import hold as module
from wsengine.playground.hold import Hold

from ..tools import settle
from .stage import heartbeat, made, subject


async def test_what_is_held_comes_afterwards_and_nothing_is_lost() -> None:
    async with subject() as sub:
        await sub.start()
        await settle()
        assert sub.session is not None
        hold = Hold(sub.session)
        await settle()
        made[-1].connection.feed(heartbeat(), "no json", heartbeat())
        await settle()
        assert (hold.held, hold.task.done()) == (2, False)
        hold.release()
        await settle()
        assert hold.task.done()
        assert sub.board.callbacks.told()["on_message"]["count"] == 2


async def test_it_stops_reading_when_it_holds_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    async with subject() as sub:
        await sub.start()
        await settle()
        assert sub.session is not None
        hold = Hold(sub.session)
        await settle()
        made[-1].connection.feed(*[heartbeat()] * 5)
        await settle()
        assert (hold.held, made[-1].connection.unread) == (3, 2)
        hold.release()
        await settle()
        assert sub.board.callbacks.told()["on_message"]["count"] == 5


async def test_it_ends_with_the_session() -> None:
    async with subject() as sub:
        await sub.start()
        await settle()
        assert sub.session is not None
        hold = Hold(sub.session)
        await settle()
        made[-1].connection.close_by_server(1001)
        await settle()
        assert hold.task.done()
        assert hold.task.exception() is None
