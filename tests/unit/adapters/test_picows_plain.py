"""Which frames are taken out of a batch, and where the taking stops."""

from __future__ import annotations

from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine.adapters.picows_plain import BINARY, PADDING, PLAIN, TEXT, header, take_plain

MOST = 1000
PAYLOADS = st.one_of(
    st.binary(max_size=200), st.sampled_from([125, 126, 127, MOST, MOST + 1, 70_000]).map(bytes)
)
FRAMES = st.lists(
    st.tuples(st.sampled_from([TEXT, BINARY]), PAYLOADS, st.integers(1, 150)), max_size=8
)


def frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes([first, size]) + payload
    width, flag = (2, 126) if size < 1 << 16 else (8, 127)
    return bytes([first, flag]) + size.to_bytes(width) + payload


def take(data: bytes, padding: bytes = bytes(PADDING)) -> tuple[list[str | bytes], int]:
    messages: deque[str | bytes] = deque()
    place = take_plain(bytearray(data + padding), 0, len(data), MOST, messages)
    return list(messages), place


def expected(data: bytes) -> tuple[list[str | bytes], int]:
    """Say the same, slowly."""
    messages: list[str | bytes] = []
    place = 0
    while (sizes := header(data, place, len(data))) is not None:
        start, size = place + sizes[0], sizes[1]
        shortest = data[place + 1] < 126 or (data[place + 1] == 126 and size > 125)
        if data[place] not in PLAIN or not shortest or size > MOST or start + size > len(data):
            break
        payload = data[start : start + size]
        try:
            messages.append(payload.decode() if data[place] == TEXT else payload)
        except UnicodeDecodeError:
            break
        place = start + size
    return messages, place


@settings(deadline=None)
@given(FRAMES, st.binary(max_size=20), st.integers(0, 300), st.sampled_from([0, 0x81, 0x82]))
def test_all_plain_frames_are_taken_up_to_the_first_other(
    frames: list[tuple[int, bytes, int]], odd: bytes, cut: int, padding: int
) -> None:
    data = b"".join(frame(first, payload) * min(n, 20_000) for first, payload, n in frames) + odd
    data = data[: max(len(data) - cut, 0)]
    assert take(data, bytes([padding]) * PADDING) == expected(data)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(1, 400), st.integers(0, 400), st.integers(0, 3))
def test_a_run_ends_where_a_header_differs(size: int, count: int, at: int, byte: int) -> None:
    data = bytearray(frame(BINARY, bytes(size)) * count)
    data[min(at % count * (len(data) // count) + byte, len(data) - 1)] ^= 1
    assert take(bytes(data)) == expected(bytes(data))


def test_a_run_of_texts_is_taken_up_to_the_one_that_is_none() -> None:
    good, bad = frame(TEXT, "ä".encode()), frame(TEXT, b"\xff\xff")
    assert take(good * 200 + bad + good) == (["ä"] * 200, 200 * len(good))


def test_what_is_masked_or_longer_than_need_be_is_not_taken() -> None:
    for odd in (b"\x82\x81keysx", b"\x82\x7e\x00\x01x", b"\x82\x7f" + (1).to_bytes(8) + b"x"):
        assert take(odd * 100) == ([], 0)


def test_a_header_tells_the_sizes_once_it_is_there() -> None:
    for head, sizes in (
        (b"\x82\x05", (2, 5)),
        (b"\x82\x7e\x01\x00", (4, 256)),
        (b"\x82\x7f" + (1 << 20).to_bytes(8), (10, 1 << 20)),
        (b"\x82\x85", (6, 5)),
    ):
        assert header(head, 0, len(head)) == sizes
        for end in range(len(head)):
            assert header(head, 0, end) is None
