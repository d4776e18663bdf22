"""What a session knows of the one before it."""

from __future__ import annotations

import asyncio

import pytest

from wsengine import Close, CloseCode, ConnectError, Gap, Session
from wsengine.testing.script import Accept, Refuse

from .tools import Notes, make, settle


async def test_the_first_session_has_none_and_each_other_tells_of_the_one_before() -> None:
    gaps: list[Gap | None] = []

    def opened(session: Session) -> None:
        gaps.append(session.gap)
        session.attributes["last"] = len(gaps)

    endpoint = Notes(on_open=opened)
    engine, adapter = make(endpoint, Accept(), Refuse(ConnectError("no"), after=0.5))
    async with engine:
        adapter.connection.close_by_server(4001, "bye")
        await asyncio.sleep(5)
        engine.restart()
        await asyncio.sleep(5)
    first, second = endpoint.sessions[:2]
    assert gaps[0] is None
    assert gaps[1] is not None
    assert gaps[1] == Gap(gaps[1].seconds, Close(4001, "bye"), first.id, {"last": 1})
    assert gaps[1].seconds == pytest.approx(3.5)
    assert gaps[1].attributes is first.attributes
    assert gaps[2] is not None
    assert gaps[2].session_id == second.id
    assert gaps[2].close == Close(CloseCode.GOING_AWAY, client_initiated=True)
    assert gaps[2].attributes == {"last": 2}


async def test_after_another_start_there_is_none() -> None:
    endpoint = Notes()
    engine, _ = make(endpoint)
    for _ in range(2):
        async with engine:
            await settle()
    assert [session.gap for session in endpoint.sessions] == [None, None]


async def test_a_session_that_never_opened_is_not_the_one_before() -> None:
    refusals = iter([False, True, False])

    def opened(session: Session) -> None:
        if next(refusals):
            raise ValueError("not yet")

    endpoint = Notes(on_open=opened)
    engine, adapter = make(endpoint)
    async with engine:
        adapter.connection.lose()
        await asyncio.sleep(5)
        gap = endpoint.sessions[2].gap
        assert gap is not None
        assert gap.session_id == endpoint.sessions[0].id
