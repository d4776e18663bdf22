from __future__ import annotations

import datetime as dt
import enum
import json
import math
import re
import sys
import uuid
from dataclasses import dataclass
from types import BuiltinMethodType
from typing import Any, Literal, TypedDict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine.codec import Codec, check_codec, decode_error
from wsengine.codecs import JsonCodec
from wsengine.errors import ConfigError, DecodeError, MissingDependencyError


class Trade(msgspec.Struct, tag="trade"):
    price: float
    side: Literal["buy", "sell"] = "buy"


class Quote(msgspec.Struct, tag="quote"):
    bid: float


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    sizes: dict[str, int] = {}


@dataclass
class Point:
    x: int
    y: int = 0


class Order(TypedDict):
    name: str


class Name(enum.Enum):
    LONG = "long"


class Picky(msgspec.Struct):
    word: str

    def __post_init__(self) -> None:
        raise ValueError(f"Invalid '{self.word}' - at `$.{self.word}`")


class Level(enum.IntEnum):
    LOW = 1


@pytest.fixture
def standard(monkeypatch: pytest.MonkeyPatch) -> JsonCodec:
    monkeypatch.setitem(sys.modules, "msgspec", None)
    return JsonCodec()


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


# Both faces.


@settings(deadline=None)
@given(json_values)
def test_plain_values_come_back(value: Any) -> None:
    codec = JsonCodec()
    text, binary = codec.encode(value), JsonCodec(binary=True).encode(value)
    assert isinstance(text, str)
    assert isinstance(binary, bytes)
    assert codec.decode(text) == codec.decode(binary) == value
    assert json.loads(text) == value


@settings(deadline=None)
@given(json_values)
def test_plain_values_come_back_without_msgspec(value: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "msgspec", None)
        codec, binary = JsonCodec(), JsonCodec(binary=True)
    text = codec.encode(value)
    assert isinstance(text, str)
    assert codec.decode(text) == codec.decode(binary.encode(value)) == value
    assert msgspec.json.decode(text) == value


@pytest.mark.parametrize("raw", ['{"a":1', "NaN", "[1,]", "", b"\xff", b'"\xff"', "[-Infinity]"])
def test_both_refuse_what_is_no_json(raw: str | bytes, standard: JsonCodec) -> None:
    with pytest.raises(Exception) as caught:
        standard.decode(raw)
    error = decode_error(standard, raw, caught.value)
    assert isinstance(error, DecodeError)
    assert (" at character " in str(error)) or (" at byte " in str(error))


def test_without_msgspec_nan_is_not_sent(standard: JsonCodec) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        standard.encode([math.nan])
    assert standard.encode({"a": ["ü", 1.5]}) == '{"a":["ü",1.5]}'


def test_with_msgspec_nan_is_null() -> None:
    assert JsonCodec().encode([math.nan]) == "[null]"


def test_a_model_needs_msgspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "msgspec", None)
    with pytest.raises(MissingDependencyError) as caught:
        JsonCodec(Point)
    assert 'run: pip install "wsengine[msgspec]"' in str(caught.value)


# Models.


@pytest.mark.parametrize(
    ("model", "value", "text"),
    [
        (Trade, Trade(1.5), '{"type":"trade","price":1.5,"side":"buy"}'),
        (Trade | Quote, Quote(2.0), '{"type":"quote","bid":2.0}'),
        (Point, Point(1, 2), '{"x":1,"y":2}'),
        (Order, Order(name="n"), '{"name":"n"}'),
        (list[Point], [Point(1)], '[{"x":1,"y":0}]'),
        (Level, Level.LOW, "1"),
        (None, None, "null"),
    ],
)
def test_models_come_back(model: Any, value: Any, text: str) -> None:
    codec = JsonCodec(model)
    assert codec.encode(value) == text
    assert JsonCodec(model, binary=True).encode(value) == text.encode()
    for message in (text, text.encode()):
        decoded = codec.decode(message)
        assert decoded == value
        assert type(decoded) is type(value)


@settings(deadline=None)
@given(
    st.lists(
        st.builds(Trade, st.floats(allow_nan=False, allow_infinity=False))
        | st.builds(Quote, st.floats(allow_nan=False, allow_infinity=False))
    )
)
def test_any_of_a_union_comes_back(values: list[Any]) -> None:
    codec = JsonCodec(list[Trade | Quote])
    assert codec.decode(codec.encode(values)) == values


def test_what_is_sent_need_not_be_of_the_model() -> None:
    assert JsonCodec(Trade).encode({"op": "subscribe"}) == '{"op":"subscribe"}'


@pytest.mark.parametrize(
    "model", [Trade | Strict, 5, dict[tuple[int, int], object] | list[Trade] | set]
)
def test_a_model_that_cannot_be_decoded_to_is_refused_at_once(model: Any) -> None:
    with pytest.raises(ConfigError, match="cannot be decoded: "):
        JsonCodec(model)


def test_decode_is_msgspecs_own() -> None:
    codec = JsonCodec(Trade)
    assert isinstance(codec.decode, BuiltinMethodType)
    assert isinstance(codec.decode.__self__, msgspec.json.Decoder)
    typed: Codec = codec
    assert check_codec(typed) is codec


def test_it_shows_its_model() -> None:
    shown = [repr(JsonCodec()), repr(JsonCodec(Point)), repr(JsonCodec(int | str))]
    assert shown == ["JsonCodec()", "JsonCodec(Point)", "JsonCodec(int | str)"]


# Errors.


def refused(codec: JsonCodec, raw: str | bytes) -> DecodeError:
    try:
        codec.decode(raw)
    except Exception as error:
        return decode_error(codec, raw, error)
    pytest.fail("it was decoded")


@pytest.mark.parametrize(
    ("model", "raw", "why"),
    [
        (Trade, '{"price":"CANARY"}', "Expected `float`, got `str` - at `$.price`"),
        (Trade, '{"side":"CANARY"}', "not what the model allows - at `$.side`"),
        (Trade, '{"side":"CANARY - at `$x`"}', "not what the model allows - at `$.side`"),
        (Trade, '{"CANARY":1}', "Object missing required field `price`"),
        (Trade | Quote, '{"type":"CANARY"}', "not what the model allows - at `$.type`"),
        (Strict, '{"CANARY":1}', "not what the model allows"),
        (Strict, '{"` - at `$.CANARY":1}', "not what the model allows"),
        (Strict, '{"sizes":{"CANARY":"CANARY"}}', "Expected `int`, got `str` - at `$.sizes[...]`"),
        (dict[int, int], '{"CANARY":1}', "Expected `int`, got `str` - at `key` in `$`"),
        (dict[Level, int], '{"CANARY":1}', "Expected `int`, got `str` - at `key` in `$`"),
        (dict[Name, int], '{"CANARY":1}', "not what the model allows - at `key` in `$`"),
        (Level, "7352", "not what the model allows"),
        (list[Level], "[7352]", "not what the model allows - at `$[0]`"),
        (uuid.UUID, '"CANARY"', "Invalid UUID"),
        (dt.date, '"CANARY"', "Invalid RFC3339 encoded date"),
        (Picky, '{"word":"CANARY"}', "not what the model allows"),
        (Any, '{"CANARY"', "Input data was truncated"),
        (Any, "[CANARY]", "JSON is malformed: invalid character (byte 1)"),
        (Any, '"CANARY" 1', "JSON is malformed: trailing characters (byte 10)"),
    ],
)
def test_an_error_tells_where_and_never_what(model: Any, raw: str, why: str) -> None:
    for message in (raw, raw.encode()):
        error = refused(JsonCodec(model), message)
        assert error.message == message
        assert str(error).endswith(f"Error: {why}")
        assert not re.search("CANARY|7352", f"{error} {error!r}")


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8")).filter(lambda text: "canary" not in text))
def test_no_garbage_brings_the_message_into_the_text(noise: str) -> None:
    for model in (Any, Trade | Quote, Strict, Level, dict[int, int]):
        for raw in (noise + "canary", f'"canary{noise}', f'{{"type":"canary{noise}"}}'):
            codec = JsonCodec(model)
            try:
                codec.decode(raw)
            except Exception as error:
                assert "canary" not in str(decode_error(codec, raw, error))


def test_standard_errors_tell_where(standard: JsonCodec) -> None:
    assert str(refused(standard, '["CANARY"')).endswith(
        "JSONDecodeError: Expecting ',' delimiter, at character 9"
    )
    assert str(refused(standard, b"\xff")).endswith(": invalid start byte, at byte 0")
    assert "CANARY" not in str(refused(standard, r'"\CANARY"'))
    quoting = json.JSONDecodeError("Invalid \\escape: 'C'", "", 1)  # as its Python version says it
    assert standard.explain(quoting) == "Invalid \\escape, at character 1"
