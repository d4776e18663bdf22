"""The words of a script."""

from __future__ import annotations

import dataclasses

import pytest

from wsengine import Handshake
from wsengine.testing import Accept, CloseWith, Delay, Hang, Lose, ReadFails, Refuse


@pytest.mark.parametrize(
    "word", [Delay(1.5), ReadFails(ValueError()), CloseWith(1012, "later"), Lose(), Hang()]
)
def test_words_are_values(word: object) -> None:
    assert word == dataclasses.replace(word)  # type: ignore[type-var]
    assert hash(word) == hash(dataclasses.replace(word))  # type: ignore[type-var]


def test_a_dial_succeeds_at_once_unless_told_otherwise() -> None:
    accept = Accept("hello", b"world")
    assert accept.steps == ("hello", b"world")
    assert accept.after == 0
    assert accept.handshake == Handshake()
    assert Accept(after=2, handshake=Handshake(subprotocol="a")).handshake.subprotocol == "a"


def test_a_refusal_is_at_once_too() -> None:
    error = OSError("no")
    assert Refuse(error) == Refuse(error, after=0.0)
