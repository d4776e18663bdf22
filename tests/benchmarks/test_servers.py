"""The servers in processes of their own, and one tiny run from end to end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.__main__ import main
from benchmarks.amount import Amount, Sample
from benchmarks.crowds import Storm, busiest_second, weigh
from benchmarks.engines import Async
from benchmarks.libraries import DIALS
from benchmarks.machine import ANY
from benchmarks.memory import bursts
from benchmarks.runner import serving
from benchmarks.wire import Opcode, frame, masked_size, unmask

from wsengine import Session


@pytest.fixture
def url() -> Iterator[str]:
    with serving("server", ANY) as port:
        yield f"ws://127.0.0.1:{port}/"


@pytest.fixture
def crowd_url() -> Iterator[str]:
    with serving("crowd", ANY) as port:
        yield f"ws://127.0.0.1:{port}/"


@pytest.mark.parametrize(("size", "head"), [(5, 2), (125, 2), (126, 4), (65535, 4), (65536, 10)])
def test_frames_have_the_length_that_rfc_6455_says(size: int, head: int) -> None:
    assert frame(b"x" * size, Opcode.BINARY)[head:] == b"x" * size
    assert masked_size(size) == head + 4 + size


def test_unmasking_is_that_of_rfc_6455() -> None:
    masked = bytes([0x7F, 0x9F, 0x4D, 0x51, 0x58])  # the example of section 5.7
    assert unmask(masked, bytes([0x37, 0xFA, 0x21, 0x3D])) == b"Hello"


@pytest.mark.parametrize("size", [32, 1024, 65536])
@pytest.mark.parametrize("text", [False, True])
async def test_a_burst_has_all_messages(url: str, size: int, text: bool) -> None:
    amount = Amount(50, size, text)
    async with DIALS["websockets"](url) as line:
        for count in (1, 50, 7):
            await line.order(amount.order(count))
            for _ in range(count):
                message = await line.receive()
                assert isinstance(message, str if text else bytes)
                assert len(message) == size
        await line.send(b"an echo is next")
        assert await line.receive() == b"an echo is next"


@pytest.mark.parametrize("library", DIALS)
@pytest.mark.parametrize("size", [32, 1024, 65536])
async def test_what_is_sent_is_counted_by_its_bytes(url: str, library: str, size: int) -> None:
    """It would wait, or take an echo's bytes too, if a library's frames were of another size."""
    amount = Amount(20, size)
    async with asyncio.timeout(20), DIALS[library](url) as line:
        await line.order(amount.order_take(20))
        for _ in range(20):
            await line.send(bytes(size))
        assert "20" in str(await line.receive())
        await line.send(b"still in step")
        assert b"still in step" in str(await line.receive()).encode()


async def test_a_crowd_that_loses_its_server_comes_back(
    crowd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.crowds.AWAY", 0.3)
    storm = Storm(crowd_url, "websockets", 5)
    try:
        async with asyncio.timeout(20):
            sample = await storm.run()
    finally:
        await storm.stop()
    assert sample["count"] == 5
    assert sample["back_s"] > 0
    assert sample["dials"] >= 1


def test_the_busiest_second() -> None:
    moments = [0.0, 0.05, 0.5, 1.2, 1.3, 1.4, 2.15, 2.25, 9.0]
    assert busiest_second(moments) == 4  # from 1.2 on
    assert busiest_second([]) == 0


@pytest.mark.parametrize(
    ("names", "scale", "rounds"),
    [
        ("picows-async-4 trip-aiohttp-1", 1e-5, 2),
        ("websocket-client trip-websocket-client picows-listener picows-handler", 0.001, 1),
        ("send-picows-100 suspend-websockets-4 sleep-4", 0.001, 1),
        ("ask-websockets typed-picows metrics-picows-on spans-own", 0.001, 1),
        ("idle-picows-1000", 0.01, 1),
    ],
)
def test_a_tiny_run_from_end_to_end(
    names: str,
    scale: float,
    rounds: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("benchmarks.__main__.RESULTS", tmp_path)
    options = ["--scale", str(scale), "--rounds", str(rounds), "--name", "tiny"]
    monkeypatch.setattr("sys.argv", ["benchmarks", *names.split(), *options])
    main()
    assert capsys.readouterr().out.startswith("# Benchmarks\n")
    content = json.loads((tmp_path / "tiny.json").read_text(encoding="utf-8"))
    assert content["left_out"] == {}
    assert set(names.split()) <= set(content["samples"])
    for samples in content["samples"].values():
        assert len(samples) == rounds
        assert all(sample["count"] > 0 for sample in samples)


async def test_memory_is_measured_over_all_messages(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    burst, ordered = Async.burst, []

    async def note(self: Async, session: Session, amount: Amount, count: int) -> Sample:
        ordered.append(count)
        return await burst(self, session, amount, count)

    monkeypatch.setattr("benchmarks.memory.AT_ONCE", 30)
    monkeypatch.setattr(Async, "burst", note)
    sample = await bursts("websockets", 1)(url, Amount(100))
    assert ordered == [10, 30, 30, 30, 10]  # the first is the warm-up
    assert sample["count"] == 100
    assert abs(sample["blocks"]) < 1000


async def test_idle_sessions_are_weighed(crowd_url: str) -> None:
    opened: list[int] = []

    async def open_one(number: int) -> None:
        async with DIALS["websockets"](crowd_url):
            opened.append(number)

    sample = await weigh(3, open_one, watch=0.01)
    assert sorted(opened) == [0, 1, 2]
    assert sample["count"] == 3
    assert sample["cpu_percent"] >= 0
