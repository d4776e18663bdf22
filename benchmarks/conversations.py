"""Requests with replies, and typed messages: by hand with a library and msgspec, and by the engine.

The bare contestants carry the same bytes and call the same functions of msgspec, so what is
compared is who matches replies to requests, and who calls the decoder.
"""

from __future__ import annotations

import functools
import json
import time
from typing import Any, Final

import msgspec

from wsengine import ConnectOptions, Endpoint, Engine, EngineConfig, JsonCodec, Session
from wsengine.correlators import JsonCorrelator
from wsengine.loading import load_adapter
from wsengine.message import Message

from .amount import Amount, Clock, Measure, Sample, percentiles, whole
from .engines import Counter, session_of
from .libraries import DIALS, Dial


class Trade(msgspec.Struct):
    """One message of a feed."""

    symbol: str
    price: float
    size: int


TRADE: Final = msgspec.json.encode(Trade("btc-usd", 64123.5, 12)).decode()
_OPTIONS: Final = ConnectOptions(compression=None, proxy=None)
_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode
_decode_trade = msgspec.json.Decoder(Trade).decode


class Trades(Counter):
    """Counts the trades down."""

    def on_message(self, session: Session, message: Trade) -> None:
        self.left -= 1
        if not self.left:
            self.finish()

    async def order(self, session: Session, amount: Amount, count: int) -> None:
        await session.send(json.loads(amount.order(count, TRADE)))


class ByHand(Counter):
    """Gets messages as they came, and decodes them itself."""

    def on_message(self, session: Session, message: Message) -> None:
        _decode_trade(message)
        self.left -= 1
        if not self.left:
            self.finish()

    async def order(self, session: Session, amount: Amount, count: int) -> None:
        await session.send(amount.order(count, TRADE))


def ask_by_hand(library: str) -> Measure:
    """Send a request on the adapter's connection, receive the reply: the next message."""
    return functools.partial(_ask_by_hand, library)


def ask(library: str) -> Measure:
    """Send a request with `session.request`, which finds the reply by its id."""
    return functools.partial(_ask, library)


def typed_by_hand(library: str) -> Measure:
    """Receive, and decode to a struct."""
    return functools.partial(_typed_by_hand, DIALS[library])


def typed(library: str) -> Measure:
    """Have a plain `def` handler get structs."""
    return functools.partial(_typed, library, Trades)


def decoding_handler(library: str) -> Measure:
    """Have a plain `def` handler get messages, and decode them itself."""
    return functools.partial(_typed, library, ByHand)


async def _ask_by_hand(adapter: str, url: str, amount: Amount) -> Sample:
    connection, samples = await load_adapter(adapter).connect(url, _OPTIONS), []
    for count in amount.parts():
        clock, times = Clock(), []
        for number in range(count):
            sent = time.perf_counter()
            await connection.send(_encode({"op": "quote", "id": number}))
            _decode(await connection.receive())
            times.append(time.perf_counter() - sent)
        samples.append({**clock.stop(count), **percentiles(times)})
    await connection.close(1000, "")
    return whole(samples)


async def _ask(adapter: str, url: str, amount: Amount) -> Sample:
    codec, correlator = JsonCodec(binary=True), JsonCorrelator()
    async with _engine(url, Endpoint(), adapter, codec=codec, correlator=correlator) as engine:
        session, samples = session_of(engine), []
        for count in amount.parts():
            clock, times = Clock(), []
            for _ in range(count):
                sent = time.perf_counter()
                await session.request({"op": "quote"})
                times.append(time.perf_counter() - sent)
            samples.append({**clock.stop(count), **percentiles(times)})
    return whole(samples)


async def _typed_by_hand(dial: Dial, url: str, amount: Amount) -> Sample:
    samples = []
    async with dial(url) as line:
        for count in amount.parts():
            clock, receive = Clock(), line.receive
            await line.order(amount.order(count, TRADE))
            if isinstance(await receive(), bytes):
                for _ in range(count - 1):
                    _decode_trade(await receive())  # type: ignore[arg-type]  # bytes, all of them
            else:  # aiohttp has them in an object
                for _ in range(count - 1):
                    _decode_trade((await receive()).data)  # type: ignore[attr-defined]
            samples.append(clock.stop(count))
    return whole(samples)


async def _typed(adapter: str, kind: type[Counter], url: str, amount: Amount) -> Sample:
    trades = kind()
    codec = JsonCodec(Trade) if kind is Trades else None
    async with _engine(url, trades, adapter, codec=codec) as engine:
        session = session_of(engine)
        return whole([await trades.burst(session, amount, part) for part in amount.parts()])


def _engine(url: str, endpoint: Endpoint, adapter: str, **conversation: Any) -> Engine:
    return Engine(
        url,
        endpoint,
        adapter=adapter,
        options=_OPTIONS,
        config=EngineConfig(ping_interval=None, reconnect=None),
        **conversation,
    )
