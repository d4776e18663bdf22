"""Codecs: what they write they read; all else is a `DecodeError` that quotes nothing."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import pydantic
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wsengine import DecodeError, JsonCodec
from wsengine.codec import Codec
from wsengine.codecs import PydanticCodec, libraries
from wsengine.conversation import Conversation
from wsengine.message import Message

from .budget import examples
from .values import json_values, nearly_json, text

CANARY = "cAnArY7f3a"
"""Stands in messages; must stand in no error's text."""


class Side(enum.Enum):
    BUY = "buy"
    SELL = "sell"


@dataclass
class Trade:
    symbol: str
    price: float
    side: Side
    tags: list[str]


class Quote(pydantic.BaseModel):
    symbol: str
    bid: float
    side: Side
    more: dict[str, int]


def standard_codec() -> Codec:
    """Return the codec as it is without msgspec."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wsengine.codecs.json.find", lambda _: None)
        return JsonCodec()


PLAIN: dict[str, Codec] = {
    "msgspec": JsonCodec(),
    "binary": JsonCodec(binary=True),
    "standard": standard_codec(),
}
MODELS: dict[str, Codec] = {
    "msgspec": JsonCodec(Trade),
    "msgspec, a union": JsonCodec(Trade | None),
    "pydantic": PydanticCodec(Quote),
    "pydantic, a union": PydanticCodec(Quote | int | None),
}


@pytest.mark.parametrize("codec", PLAIN.values(), ids=PLAIN)
def test_values_come_back(codec: Codec) -> None:
    @examples(100)
    @given(json_values)
    def check(value: Any) -> None:
        assert decoded(codec, codec.encode(value)) == value

    check()


@examples(100)
@given(
    text, st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(Side), st.lists(text)
)
def test_a_dataclass_comes_back(symbol: str, price: float, side: Side, tags: list[str]) -> None:
    trade = Trade(symbol, price, side, tags)
    codec = MODELS["msgspec"]
    assert decoded(codec, codec.encode(trade)) == trade


@examples(100)
@given(
    text,
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(Side),
    st.dictionaries(text, st.integers(), max_size=3),
)
def test_a_model_comes_back(symbol: str, bid: float, side: Side, more: dict[str, int]) -> None:
    quote = Quote(symbol=symbol, bid=bid, side=side, more=more)
    codec = MODELS["pydantic"]
    assert decoded(codec, codec.encode(quote)) == quote


@pytest.mark.parametrize("codec", [*PLAIN.values(), *MODELS.values()], ids=[*PLAIN, *MODELS])
def test_garbage_is_a_decode_error(codec: Codec) -> None:
    @examples(150)
    @given(nearly_json)
    @example("[" * 100_000)
    @example('{"a":' * 100_000)
    @example("1" * 10_000)
    @example(b"\xff\xfe")
    @example("\ud800")
    def check(message: Message) -> None:
        try:
            decoded(codec, message)
        except DecodeError as error:
            assert error.message == message
            assert len(str(error)) < 500

    check()


@pytest.mark.parametrize("codec", MODELS.values(), ids=MODELS)
def test_no_error_quotes_the_message(codec: Codec) -> None:
    """A secret stands in the message as a value, a name, an enum, in a number's place ..."""
    secret = st.sampled_from([CANARY, f"'{CANARY}'", f"`{CANARY}`", f"{CANARY} - at `$.{CANARY}`"])
    secretive = st.recursive(
        st.one_of(secret, st.integers(), st.none()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.one_of(secret, st.sampled_from(KEYS)), inner, max_size=5),
        ),
        max_leaves=8,
    )

    @examples(150)
    @given(secretive, st.sampled_from(["", CANARY, f'"{CANARY}', "}"]))
    def check(value: Any, behind: str) -> None:
        encoded = PLAIN["msgspec"].encode(value)
        assert isinstance(encoded, str)
        try:
            decoded(codec, encoded + behind)
        except DecodeError as error:
            assert CANARY not in str(error)

    check()


KEYS = ["symbol", "price", "side", "tags", "bid", "more"]


def decoded(codec: Codec, message: Any) -> Any:
    """Decode a message as a session does.

    Raises:
        DecodeError: It cannot be decoded.
    """
    return Conversation(codec).decode(message)


def test_the_standard_codec_is_another_one() -> None:
    assert libraries.find("msgspec") is not None
    assert type(PLAIN["standard"].decode) is not type(PLAIN["msgspec"].decode)
