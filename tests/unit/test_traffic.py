"""Counting what passes."""

from __future__ import annotations

import array

import pytest

from wsengine.message import SendableMessage
from wsengine.traffic import Traffic


@pytest.mark.parametrize(
    ("message", "counts"),
    [
        ("abc", (1, 3, 0, 0)),
        ("äß€", (1, 7, 0, 0)),
        ("", (1, 0, 0, 0)),
        (b"abc", (0, 0, 1, 3)),
        (bytearray(b"abcd"), (0, 0, 1, 4)),
        (memoryview(array.array("i", [1, 2])), (0, 0, 1, 8)),
    ],
)
def test_a_message_counts_with_its_size_in_bytes(
    message: SendableMessage, counts: tuple[int, ...]
) -> None:
    traffic = Traffic()
    traffic.count(message)
    found = (traffic.texts, traffic.text_bytes, traffic.binaries, traffic.binary_bytes)
    assert found == counts
    assert (traffic.messages, traffic.bytes) == (1, counts[1] + counts[3])


def test_one_is_added_to_another() -> None:
    total, one = Traffic(), Traffic()
    total.count("text")
    one.count(b"data")
    one.count("text")
    total = total + one
    assert (total.texts, total.binaries, total.messages, total.bytes) == (2, 1, 3, 12)
