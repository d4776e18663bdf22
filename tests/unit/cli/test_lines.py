from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsengine.cli.lines import CHUNKS_AHEAD, Lines, read_lines


async def take_all(lines: Lines) -> list[bytes]:
    taken = []
    while (line := await lines.next()) is not None:
        taken.append(line)
    return taken


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([], []),
        ([b"one\ntwo\n"], [b"one", b"two"]),
        ([b"one\r\ntwo\r\n"], [b"one", b"two"]),
        ([b"no end"], [b"no end"]),
        ([b"no end\r"], [b"no end"]),
        ([b"\n\n"], [b"", b""]),
        ([b"in ", b"pie", b"ces\nnext"], [b"in pieces", b"next"]),
        ([b"split\r", b"\nline end\n"], [b"split", b"line end"]),
    ],
)
async def test_lines(chunks: list[bytes], expected: list[bytes]) -> None:
    lines = Lines()
    for chunk in [*chunks, b""]:
        lines.feed(chunk)
    assert await take_all(lines) == expected


@given(data=st.binary(max_size=60), cuts=st.lists(st.integers(0, 60), max_size=6))
def test_it_does_not_matter_how_the_input_is_cut(data: bytes, cuts: list[int]) -> None:
    async def taken() -> list[bytes]:
        lines = Lines()
        begins = sorted({0, *cuts})
        for begin, end in zip(begins, [*begins[1:], None], strict=True):
            if chunk := data[begin:end]:
                lines.feed(chunk)
        lines.feed(b"")
        return await take_all(lines)

    whole = data.split(b"\n")
    if not whole[-1]:
        whole.pop()
    assert asyncio.run(taken()) == [line.removesuffix(b"\r") for line in whole]


async def test_a_line_is_waited_for() -> None:
    lines = Lines()
    asyncio.get_running_loop().call_later(5, lines.feed, b"late\n")
    assert await lines.next() == b"late"
    assert asyncio.get_running_loop().time() == pytest.approx(5)


async def test_the_end_is_told_before_the_lines_are_taken() -> None:
    ends: list[bool] = []
    lines = Lines(on_end=lambda: ends.append(True))
    lines.feed(b"left\n")
    assert not ends
    lines.feed(b"")
    assert ends == [True]
    assert len(lines) == 1


async def test_no_more_is_read_than_there_is_room_for() -> None:
    lines = Lines()
    for _ in range(CHUNKS_AHEAD):
        assert lines.room.acquire(blocking=False)
        lines.feed(b"x\n")
    assert not lines.room.acquire(blocking=False)
    for _ in range(CHUNKS_AHEAD):
        await lines.next()
    asyncio.get_running_loop().call_soon(lines.feed, b"y\n")
    assert await lines.next() == b"y"  # room was made when nothing was left
    assert lines.room.acquire(blocking=False)


async def test_no_input_at_all_has_ended() -> None:
    assert await take_all(read_lines(None)) == []
