"""Answers to the handshake that do not end, or not soon: refused, in bounded time and memory."""

from __future__ import annotations

import asyncio

import pytest

from wsengine.testing.greetings import Greeting, say
from wsengine.testing.peer import Peer
from wsengine.testing.rawserver import RawServer

from .attack import MIB, Victim, first, pour

pytestmark = pytest.mark.asyncio(loop_scope="package")

OPEN_TIMEOUT = 0.5
POURED = 128 * MIB
OK = b"HTTP/1.1 101 Switching Protocols\r\n"
REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\n"

ENDLESS = {
    "headers": (OK, b"X-Pad: " + b"a" * 1000 + b"\r\n"),
    "one header": (OK + b"X-Pad: ", b"a" * 1024),
    "the status line": (b"HTTP/1.1 101 ", b"a" * 1024),
    "noise": (b"", bytes(range(256)) * 4),
    "a refusal's body": (REFUSAL + b"\r\n", b"a" * 1024),
    "a refusal's body, announced": (REFUSAL + b"Content-Length: %d\r\n\r\n" % 2**40, b"a" * 1024),
    "a refusal's body, in chunks": (
        REFUSAL + b"Transfer-Encoding: chunked\r\n\r\n",
        b"400\r\n" + b"a" * 1024 + b"\r\n",
    ),
}
"""What comes first, and what then comes again and again."""


def endless(beginning: bytes, more: bytes) -> Greeting:
    """Return a greeting that does not end."""

    async def greet(peer: Peer) -> None:
        await peer.read_request()
        peer.write(beginning)
        await pour(peer, more * 64, POURED)
        await peer.gone()

    return greet


@pytest.mark.parametrize("what", ENDLESS)
async def test_an_answer_without_end(victim: Victim, what: str) -> None:
    async with RawServer(first(endless(*ENDLESS[what]))) as server:
        outcome = await victim.run(server, config={"open_timeout": OPEN_TIMEOUT})
    assert len(outcome.refusals) == 1
    assert outcome.refusals[0]["kind"] in {"ConnectError", "OpenTimeoutError"}
    assert len(outcome.refusals[0]["text"]) < 500
    assert outcome.seconds < OPEN_TIMEOUT + 2
    outcome.check_recovered()


async def test_an_answer_that_drips(victim: Victim) -> None:
    """Each byte comes in time, but not the whole."""

    async def drip(peer: Peer) -> None:
        await peer.read_request()
        for byte in OK + b"X-Pad: a\r\n" * 1000:
            peer.write(bytes([byte]))
            await asyncio.sleep(0.01)

    async with RawServer(first(drip)) as server:
        outcome = await victim.run(server, config={"open_timeout": OPEN_TIMEOUT})
    assert [refusal["kind"] for refusal in outcome.refusals] == ["OpenTimeoutError"]
    assert "open_timeout" in outcome.refusals[0]["text"]
    assert outcome.seconds < OPEN_TIMEOUT + 2
    outcome.check_recovered()


async def test_interim_answers_without_end(victim: Victim) -> None:
    """aiohttp waits for the one behind them; for the others an interim answer is a refusal."""

    async def promise(peer: Peer) -> None:
        await peer.read_request()
        await pour(peer, b"HTTP/1.1 100 Continue\r\n\r\n" * 100, POURED)

    async with RawServer(promise) as server:
        outcome = await victim.run(
            server, config={"open_timeout": OPEN_TIMEOUT}, reconnect={"max_attempts": 1}
        )
    assert outcome.failed is not None
    assert outcome.opens == 0
    assert outcome.seconds < 2 * (OPEN_TIMEOUT + 1)
    assert outcome.grown < 24 * MIB
    outcome.check_nothing_left()


@pytest.mark.parametrize("answer", [b"", b"\r\n\r\n", b"\0" * 100, OK, b"HTTP/9.9 101 x\r\n\r\n"])
async def test_an_answer_cut_off_again_and_again(victim: Victim, answer: bytes) -> None:
    """The engine goes on at the pace of its policy, and gives up where that says so."""
    async with RawServer(say(answer)) as server:
        outcome = await victim.run(server, reconnect={"max_attempts": 20})
        assert server.clients == 21
    assert outcome.failed is not None
    assert "max_attempts" in outcome.failed
    assert {refusal["kind"] for refusal in outcome.refusals} == {"ConnectError"}
    outcome.check_nothing_left()
