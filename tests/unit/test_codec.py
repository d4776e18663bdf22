from __future__ import annotations

import json
from typing import Any

import pytest

from wsengine.codec import check_codec, decode_error
from wsengine.codecs import JsonCodec
from wsengine.errors import ConfigError


class Own:
    def encode(self, value: Any) -> str:
        return str(value)

    def decode(self, message: str | bytes) -> Any:
        return message


class Explaining(Own):
    def explain(self, error: Exception) -> str:
        return f"{len(error.args)} things wrong"


class Confused(Own):
    def explain(self, error: Exception) -> str:
        raise LookupError("canary")


@pytest.mark.parametrize("codec", [Own(), JsonCodec(), json.JSONDecoder])
def test_any_object_that_encodes_and_decodes_is_a_codec(codec: Any) -> None:
    if isinstance(codec, type):
        codec = codec()
        codec.encode = json.dumps
    assert check_codec(codec) is codec


@pytest.mark.parametrize("name", ["encode", "decode", "explain"])
def test_what_would_have_to_be_awaited_is_refused(name: str) -> None:
    async def waiting(self: Any, value: Any) -> Any:
        return value

    codec = type("Waiting", (Own,), {name: waiting})()
    with pytest.raises(ConfigError, match=rf"codec=.*: its {name} is an `async def`.*plain `def`"):
        check_codec(codec)


@pytest.mark.parametrize(
    ("codec", "message"),
    [
        (Own, r"codec=Own: is a class; give an instance: Own\(\)"),
        (JsonCodec, r"codec=JsonCodec: is a class; give an instance: JsonCodec\(\)"),
        (json.JSONEncoder(), "lacks decode; a codec has"),
        (None, "codec=None: lacks encode and decode; "),
        ("json", r"codec='json': lacks decode"),
    ],
)
def test_what_is_no_codec_is_refused(codec: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_codec(codec)


@pytest.mark.parametrize(
    ("codec", "why"),
    [
        (Own(), "KeyError"),
        (Explaining(), "KeyError: 1 things wrong"),
        (Confused(), "KeyError (and explain() raised LookupError)"),
    ],
)
def test_an_error_in_decode_is_told_without_the_message(codec: Any, why: str) -> None:
    cause = KeyError("canary")
    error = decode_error(codec, "the canary", cause)
    assert error.__cause__ is cause
    assert error.message == "the canary"
    assert str(error) == f"a text message of 10 bytes cannot be decoded: {why}"
