"""Interim answers of a server, without a socket and in virtual time."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError

from wsengine.adapters.aiohttp_interim import MAX_INTERIM, Handler, bounded

from .aiohttp_peer import Transport

INTERIM = b"HTTP/1.1 103 Early Hints\r\n\r\n"
ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"


async def receive(*answers: bytes) -> tuple[ResponseHandler, Transport]:
    """Return the protocol that got these answers, and its transport."""
    connector = bounded(TCPConnector())
    handler = connector._factory()
    await connector.close()
    transport = Transport()
    handler.connection_made(transport)
    transport.protocol = handler
    handler.set_response_params()
    for answer in answers:
        handler.data_received(answer)
    return handler, transport


async def statuses(handler: ResponseHandler, count: int) -> list[int]:
    return [(await asyncio.wait_for(handler.read(), 1))[0].code for _ in range(count)]


async def test_the_answer_may_come_behind_some_interim_ones() -> None:
    handler, transport = await receive(INTERIM * MAX_INTERIM + ANSWER)
    assert await statuses(handler, MAX_INTERIM + 1) == [*[103] * MAX_INTERIM, 101]
    assert not transport.ways


@pytest.mark.parametrize("in_one_piece", [True, False])
async def test_interim_answers_without_end_are_hung_up_on(in_one_piece: bool) -> None:
    more = [INTERIM] * (2 * MAX_INTERIM)
    handler, transport = await receive(*([b"".join(more)] if in_one_piece else more))
    assert isinstance(handler, Handler)
    assert await statuses(handler, MAX_INTERIM) == [103] * MAX_INTERIM
    with pytest.raises(HttpProcessingError, match="more than 10 interim answers, such as 103"):
        await handler.read()
    assert set(transport.ways) == {"abort"}
