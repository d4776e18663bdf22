"""Typed messages over real connections: msgspec, dataclasses, unions, Pydantic, your own."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
import pytest
from pydantic import BaseModel, Field
from websockets.asyncio.server import ServerConnection

from wsengine import Codec, ConnectOptions, DecodeError, Engine, EngineConfig, JsonCodec, Session
from wsengine.codecs import PydanticCodec

from .conftest import AT_ONCE
from .measuring import until
from .recorder import Recorder
from .servers import PATIENCE, PoliteServer, echo, greet

pytestmark = pytest.mark.usefixtures("nothing_held")


def speaking(
    url: str, endpoint: Any, adapter: str, codec: Codec, correlator: Any = None, **settings: Any
) -> Engine:
    """Return an engine with a codec and perhaps a correlator, and short time-outs."""
    quick = {"stop_timeout": 0.5, "open_timeout": 5.0, "reconnect": AT_ONCE}
    return Engine(
        url,
        endpoint,
        adapter=adapter,
        options=ConnectOptions(proxy=None, compression=None),
        config=EngineConfig(**{**quick, **settings}),
        codec=codec,
        correlator=correlator,
    )


class Trade(msgspec.Struct, tag="trade"):
    price: float
    note: str = ""


class Quote(msgspec.Struct, tag="quote"):
    bid: float
    ask: float


@dataclass
class Order:
    symbol: str
    amounts: list[int]


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = Field(alias="livesLeft")


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    name: str


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


class Doubles:
    """A codec of one's own: each message is a double of eight bytes."""

    def encode(self, value: float) -> bytes:
        return struct.pack("!d", value)

    def decode(self, message: str | bytes) -> Any:
        return struct.unpack("!d", message)[0]  # type: ignore[arg-type]  # text is an error


VALUES: list[tuple[Codec, type, list[Any]]] = [
    (JsonCodec(), str, [{"price": 1.5}, [1, None, "ü"], "text", 7, True]),
    (JsonCodec(binary=True), bytes, [{"price": 1.5}, "ü"]),
    (JsonCodec(Trade), str, [Trade(1.5), Trade(2, "ü")]),
    (JsonCodec(Order), str, [Order("BTC", [1, 2])]),
    (JsonCodec(Trade | Quote), str, [Trade(1.5), Quote(1, 2), Trade(3)]),
    (JsonCodec(list[Quote], binary=True), bytes, [[], [Quote(1, 2), Quote(3, 4)]]),
    (PydanticCodec(Cat), str, [Cat(livesLeft=7)]),
    (PydanticCodec(Pet), str, [Dog(name="Rex"), Cat(livesLeft=9)]),
    (PydanticCodec(Pet, binary=True), bytes, [Dog(name="ü")]),
    (Doubles(), bytes, [1.5, -2.0]),
]


@pytest.mark.parametrize(("codec", "wire", "values"), VALUES, ids=lambda value: repr(value)[:24])
async def test_what_is_sent_comes_back_as_it_was(
    adapter: str, codec: Codec, wire: type, values: list[Any]
) -> None:
    """By `send`, and in the hands of a pilot, who sees values as well."""
    endpoint, came = Recorder(), set()

    async def echo_and_note(connection: ServerConnection) -> None:
        async for message in connection:
            came.add(type(message))
            await connection.send(message)

    async with (
        PoliteServer(echo_and_note) as server,
        speaking(server.url, endpoint, adapter, codec) as engine,
    ):
        for value in values:
            await engine.send(value)
        await until(lambda: len(endpoint.messages) == len(values))
        assert engine.session is not None
        async with asyncio.timeout(PATIENCE), engine.session.paused() as connection:
            await connection.send(values[0])
            assert await connection.receive() == values[0]
    assert came == {wire}
    assert endpoint.messages == values
    assert [type(message) for message in endpoint.messages] == [type(value) for value in values]
    assert endpoint.read_errors == []


WRONG: list[tuple[Codec, list[str | bytes], str | bytes, Any]] = [
    (JsonCodec(), ["{", b"\xff", ""], "1", 1),
    (
        JsonCodec(Trade | Quote),
        ['{"type":"trade","price":"x"}', '{"type":"other"}', b'{"price":1}'],
        b'{"type":"trade","price":1}',
        Trade(1),
    ),
    (JsonCodec(Order), ['{"symbol":"BTC"}'], '{"symbol":"BTC","amounts":[]}', Order("BTC", [])),
    (PydanticCodec(Pet), ['{"kind":"fish"}', b"{"], '{"kind":"dog","name":"Rex"}', Dog(name="Rex")),
    (Doubles(), ["text", b"short"], struct.pack("!d", 1.5), 1.5),
]


@pytest.mark.parametrize(("codec", "bad", "good", "value"), WRONG, ids=lambda v: repr(v)[:24])
async def test_what_cannot_be_decoded_goes_to_on_read_error(
    adapter: str, codec: Codec, bad: list[str | bytes], good: str | bytes, value: Any
) -> None:
    """With the message as it came; the session lives on, and what is behind it is handled."""
    endpoint = Recorder()
    async with (
        PoliteServer(greet(*bad, good)) as server,
        speaking(server.url, endpoint, adapter, codec) as engine,
    ):
        await until(lambda: endpoint.messages)
        assert engine.session is endpoint.sessions[0]
        assert engine.session.stats().read_errors == len(bad)
        assert len(endpoint.sessions) == 1
    assert endpoint.messages == [value]
    found = []
    for error in endpoint.read_errors:
        assert isinstance(error, DecodeError)
        assert error.__cause__ is not None
        found.append(error.message)
    assert found == bad
    assert endpoint.calls == ["on_open", *["on_read_error"] * len(bad), "on_message", "on_close"]


async def test_a_pilot_is_told_of_what_cannot_be_decoded(adapter: str) -> None:
    class Piloting(Recorder):
        async def on_open(self, session: Session, *, restarting: bool) -> None:
            super().on_open(session, restarting=restarting)
            async with session.paused() as connection:
                with pytest.raises(DecodeError) as raised:
                    await connection.receive()
                assert raised.value.message == '{"type":"other"}'
                assert await connection.receive() == Trade(1)

    endpoint = Piloting()
    said = ['{"type":"other"}', '{"type":"trade","price":1}', '{"type":"trade","price":2}']
    async with (
        PoliteServer(greet(*said)) as server,
        speaking(server.url, endpoint, adapter, JsonCodec(Trade | Quote)),
    ):
        await until(lambda: endpoint.messages)
    assert endpoint.messages == [Trade(2)]
    assert endpoint.read_errors == []


async def test_what_cannot_be_encoded_is_not_sent(adapter: str) -> None:
    endpoint = Recorder()
    async with (
        PoliteServer(echo) as server,
        speaking(server.url, endpoint, adapter, JsonCodec()) as engine,
    ):
        with pytest.raises(TypeError):
            await engine.send(object())
        with pytest.raises(TypeError):
            await engine.send({"n": object()}, when_closed="queue")
        await engine.send({"n": 1})
        await until(lambda: endpoint.messages)
        assert engine.session is not None
        assert engine.session.stats().messages_sent == 1
    assert endpoint.messages == [{"n": 1}]
