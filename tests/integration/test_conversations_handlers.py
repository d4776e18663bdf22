"""Handlers by kind, on real connections: who gets which message, and what is sent back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import Endpoint, JsonCodec, Session

from .conftest import MakeEngine
from .measuring import until
from .servers import PoliteServer
from .test_conversations_codecs import Quote, Trade, speaking

pytestmark = pytest.mark.usefixtures("nothing_held")


class Talk:
    """A server that says its lines, and notes the answers."""

    def __init__(self, *lines: str | bytes) -> None:
        self._lines = lines
        self.answers: list[str | bytes] = []

    async def __call__(self, connection: ServerConnection) -> None:
        for line in self._lines:
            await connection.send(line)
        async for answer in connection:
            self.answers.append(answer)


class Ack(msgspec.Struct, tag="ack"):
    price: float


def of_kinds(got: list[tuple[str, Any]]) -> Endpoint:
    """Return an endpoint that answers text, bytes, and certain texts, and notes who got what."""
    endpoint = Endpoint()

    @endpoint.on_message(kind=bytes)
    def binary(session: Session, message: bytes) -> bytes:
        got.append(("binary", message))
        return message[::-1]

    @endpoint.on_message(when=lambda message: message.startswith("count "))
    async def count(session: Session, message: str) -> AsyncIterator[str | None]:
        got.append(("count", message))
        for number in range(int(message.split()[1])):
            yield str(number)
        yield None  # is not sent

    @endpoint.on_message(kind=str, when=str.isupper)
    def shouted(session: Session, message: str) -> Iterator[str]:
        got.append(("shouted", message))
        yield message.lower()
        yield "please"

    @endpoint.on_message
    async def anything_else(session: Session, message: str) -> str | None:
        got.append(("anything_else", message))
        return None if message == "hush" else f"{message}!"

    @endpoint.on_message(kind=str, when=lambda message: message == "late")
    async def registered_last(session: Session, message: str) -> None:
        got.append(("registered_last", message))
        await session.send("sent by hand")

    return endpoint


async def test_by_kind_and_by_predicate(make_engine: MakeEngine) -> None:
    got: list[tuple[str, Any]] = []
    talk = Talk("hello", b"\x01\x02", "count 3", "HEY", "hush", "late", b"")
    answers = ["hello!", b"\x02\x01", "0", "1", "2", "hey", "please", "sent by hand", b""]
    async with PoliteServer(talk) as server, make_engine(server.url, of_kinds(got)):
        await until(lambda: len(talk.answers) == len(answers))
    assert talk.answers == answers
    assert got == [
        ("anything_else", "hello"),
        ("binary", b"\x01\x02"),
        ("count", "count 3"),
        ("shouted", "HEY"),
        ("anything_else", "hush"),
        ("registered_last", "late"),
        ("binary", b""),
    ]


async def test_by_model(adapter: str) -> None:
    """Structs of a tagged union go to their handlers, and structs come back as answers."""
    endpoint = Endpoint()
    got: list[tuple[str, Any]] = []

    @endpoint.on_message(kind=Trade, when=lambda trade: trade.price < 0)
    def odd(session: Session, trade: Trade) -> None:
        got.append(("odd", trade))

    @endpoint.on_message(kind=Trade)
    async def traded(session: Session, trade: Trade) -> Ack:
        got.append(("traded", trade))
        return Ack(trade.price)

    @endpoint.on_message(kind=Quote)
    async def quoted(session: Session, quote: Quote) -> AsyncIterator[Ack]:
        got.append(("quoted", quote))
        yield Ack(quote.bid)
        yield Ack(quote.ask)

    said = [Trade(1.5), Quote(1, 2), Trade(-1), Trade(2.5)]
    talk = Talk(*[msgspec.json.encode(each) for each in said])
    async with (
        PoliteServer(talk) as server,
        speaking(server.url, endpoint, adapter, JsonCodec(Trade | Quote)),
    ):
        await until(lambda: len(talk.answers) == 4)
    assert [json.loads(answer) for answer in talk.answers] == [
        {"type": "ack", "price": price} for price in (1.5, 1.0, 2.0, 2.5)
    ]
    assert got == list(zip(("traded", "quoted", "odd", "traded"), said, strict=True))


@pytest.mark.parametrize("workers", [1, 4])
async def test_answers_of_many_messages(make_engine: MakeEngine, workers: int) -> None:
    """With one worker in order; with several, each message has its answers all the same."""
    endpoint = Endpoint()

    @endpoint.on_message
    async def answer(session: Session, message: str) -> AsyncIterator[str]:
        yield f"{message}a"
        yield f"{message}b"

    numbers = range(100)
    talk = Talk(*map(str, numbers))
    async with (
        PoliteServer(talk) as server,
        make_engine(server.url, endpoint, workers=workers),
    ):
        await until(lambda: len(talk.answers) == 200)
    for number in numbers:
        assert [each for each in talk.answers if each[:-1] == str(number)] == [
            f"{number}a",
            f"{number}b",
        ]
    if workers == 1:
        assert talk.answers == [f"{number}{letter}" for number in numbers for letter in "ab"]


@pytest.mark.parametrize("how", ["exit", "restart"])
async def test_endless_answers_do_not_hold_the_end_of_a_session_up(
    make_engine: MakeEngine, how: str
) -> None:
    endpoint, talk = Endpoint(), Talk("go")

    @endpoint.on_message
    async def endless(session: Session, message: str) -> AsyncIterator[str]:
        while True:
            yield "tick"
            await asyncio.sleep(0.02)

    async with PoliteServer(talk) as server:
        engine = make_engine(server.url, endpoint, stop_timeout=8.0)
        await engine.start()
        await until(lambda: talk.answers)
        began = time.perf_counter()
        getattr(engine, how)()
        if how == "restart":
            await until(lambda: len(server.connections) == 2)
        await engine.stop()
        assert time.perf_counter() - began < 2.0  # not half of `stop_timeout`
