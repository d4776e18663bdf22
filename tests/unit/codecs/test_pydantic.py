from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pydantic_core
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from wsengine.codec import check_codec, decode_error
from wsengine.codecs import PydanticCodec
from wsengine.errors import ConfigError, MissingDependencyError


class Trade(BaseModel):
    kind: Literal["trade"] = "trade"
    price: float
    user_id: int = Field(0, alias="userId")


class Quote(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["quote"] = "quote"
    bid: float
    sizes: dict[str, int] = {}


Either = Annotated[Trade | Quote, Field(discriminator="kind")]


@dataclass
class Point:
    x: int


class Opaque:
    pass


@pytest.mark.parametrize(
    ("model", "value", "text"),
    [
        (Trade, Trade(price=1.5, userId=7), '{"kind":"trade","price":1.5,"userId":7}'),
        (Either, Quote(bid=2), '{"kind":"quote","bid":2.0,"sizes":{}}'),
        (Point, Point(1), '{"x":1}'),
        (list[Point], [Point(1)], '[{"x":1}]'),
    ],
)
def test_models_come_back(model: Any, value: Any, text: str) -> None:
    codec = PydanticCodec(model)
    assert check_codec(codec) is codec
    assert codec.encode(value) == text
    assert PydanticCodec(model, binary=True).encode(value) == text.encode()
    for message in (text, text.encode()):
        decoded = codec.decode(message)
        assert decoded == value
        assert type(decoded) is type(value)


@settings(deadline=None)
@given(
    st.builds(Trade, price=st.floats(allow_nan=False, allow_infinity=False), userId=st.integers())
    | st.builds(
        Quote,
        bid=st.floats(allow_nan=False, allow_infinity=False),
        sizes=st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers()),
    )
)
def test_any_of_a_union_comes_back(value: Any) -> None:
    codec = PydanticCodec(Either)
    assert codec.decode(codec.encode(value)) == value


def test_what_is_sent_need_not_be_of_the_model() -> None:
    codec = PydanticCodec(Trade)
    assert codec.encode({"op": "subscribe", "to": [Point(1)]}) == (
        '{"op":"subscribe","to":[{"x":1}]}'
    )
    assert codec.encode(math.nan) == "null"
    with pytest.raises(pydantic_core.PydanticSerializationError):
        codec.encode(Opaque())


def test_decode_is_pydantics_own() -> None:
    owner = PydanticCodec(Trade).decode.__self__  # type: ignore[attr-defined]
    assert isinstance(owner, pydantic_core.SchemaValidator)


def test_it_shows_its_model() -> None:
    assert repr(PydanticCodec(Trade)) == "PydanticCodec(Trade)"
    assert repr(PydanticCodec(int | str)) == "PydanticCodec(int | str)"


@pytest.mark.parametrize("model", [Opaque, "NotDefinedAnywhere"])
def test_a_model_that_cannot_be_decoded_to_is_refused_at_once(model: Any) -> None:
    with pytest.raises(ConfigError, match="cannot be decoded: "):
        PydanticCodec(model)


@pytest.mark.parametrize("library", ["pydantic", "pydantic_core"])
def test_it_needs_pydantic(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingDependencyError) as caught:
        PydanticCodec(Trade)
    assert 'run: pip install "wsengine[pydantic]"' in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ('{"kind":"trade","price":"CANARY","userId":"CANARY"}', "float_parsing, int_parsing"),
        ('{"kind":"CANARY"}', "union_tag_invalid"),
        ('{"kind":"quote","CANARY":1}', "missing, extra_forbidden"),
        ('{"kind":"quote","bid":1,"sizes":{"CANARY":[]}}', "int_type"),
        ('{"CANARY"', "json_invalid"),
    ],
)
def test_an_error_tells_the_rule_and_never_the_value(raw: str, why: str) -> None:
    codec = PydanticCodec(Either)
    with pytest.raises(pydantic_core.ValidationError) as caught:
        codec.decode(raw)
    error = decode_error(codec, raw, caught.value)
    assert str(error).endswith(f"cannot be decoded: ValidationError: {why}")
    assert "CANARY" not in f"{error} {error!r}"


def test_an_error_of_another_kind_is_named() -> None:
    codec = PydanticCodec(Trade)
    error = decode_error(codec, b"x", LookupError("canary"))
    assert str(error).endswith("LookupError: see its cause")
