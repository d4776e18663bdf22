from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wsengine import Close, ConnectError, RestartFailure
from wsengine.playground.board import Board
from wsengine.playground.endpoint import SHOWN, PlaygroundEndpoint, describe

from ..tools import now, settle

NONE: Any = type("Nothing", (), {"id": "none"})()


async def test_every_callback_is_noted() -> None:
    board = Board(now)
    endpoint = PlaygroundEndpoint(board, lambda: 0.0)
    await endpoint.on_open(NONE, restarting=False)
    assert board.callbacks.told()["on_open"]["what"] == "first since the start"
    await endpoint.on_open(NONE, restarting=True)
    await endpoint.on_message(NONE, {"type": "heartbeat"})
    await endpoint.on_read_error(NONE, ValueError("x" * 1000))
    await endpoint.on_close(NONE, Close(1001))
    await endpoint.on_close_error(NONE, OSError("gone"))
    await endpoint.on_restart_error(NONE, RestartFailure(ConnectError("no"), 1, 1.0))
    told = board.callbacks.told()
    assert {name: of["count"] for name, of in told.items()} == dict.fromkeys(told, 1) | {
        "on_open": 2
    }
    assert told["on_open"]["what"] == "restarting"
    assert told["on_close"]["what"] == "1001 GOING_AWAY"
    assert len(told["on_read_error"]["what"]) == SHOWN
    assert board.history.entries[-1]["kind"] == "attempt"


async def test_a_message_has_a_lane_for_as_long_as_the_work_takes() -> None:
    board = Board(now)
    handling = asyncio.create_task(
        PlaygroundEndpoint(board, lambda: 2.0).on_message(
            NONE, {"type": "echo_response", "reqId": "7"}
        )
    )
    await settle()
    assert board.lanes.told()[0]["what"] == "echo 7"
    await handling
    (piece,) = board.lanes.finished.since(0)
    assert piece["ended"] - piece["began"] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "heartbeat"}, "heartbeat"),
        ({"type": "echo_response", "reqId": 3}, "echo 3"),
        ({}, "message"),
        ({"type": "x" * 99, "reqId": "y" * 99}, "x" * 40),
        (["no", "object"], "list message"),
    ],
)
def test_messages_in_a_word_or_two(message: Any, words: str) -> None:
    assert describe(message) == words
