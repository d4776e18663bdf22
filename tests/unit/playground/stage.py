"""An engine of the playground without a network."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from wsengine.playground.board import Board
from wsengine.playground.subject import Settings, Subject
from wsengine.testing import Accept, ScriptedAdapter
from wsengine.testing.script import Dial

from ..tools import now

ADAPTER = f"{__name__}:make_adapter"
OTHER = f"{__name__}:make_other"

script: list[Dial] = []
made: list[ScriptedAdapter] = []


def make_adapter() -> ScriptedAdapter:
    """What an engine gets that asks for `ADAPTER`."""
    made.append(ScriptedAdapter(script, then=Accept()))
    return made[-1]


make_other = make_adapter


def heartbeat() -> str:
    return json.dumps({"type": "heartbeat", "timestamp": "now", "uptime_seconds": 1})


@asynccontextmanager
async def subject(
    *dials: Dial, workers: int = 2, rate: float = 0, work: float = 0
) -> AsyncIterator[Subject]:
    """Give a subject that has not been started, and close it."""
    script[:] = dials
    made.clear()
    board = Board(now)
    board.new_lanes(workers)
    settings = Settings(adapter=ADAPTER, workers=workers, rate=rate, work=work)
    made_subject = Subject("ws://scripted", board, settings)
    try:
        yield made_subject
    finally:
        await made_subject.close()
