"""Frames as bytes: written as RFC 6455 has them, and read back."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine.testing.wire import (
    Deflate,
    Frame,
    Opcode,
    WireError,
    accept_key,
    apply_mask,
    close_payload,
    parse_close,
    read_frame,
)


async def read(data: bytes) -> Frame:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await read_frame(reader)


# The examples of RFC 6455 section 5.7, and of section 1.3.


@pytest.mark.parametrize(
    ("frame", "data"),
    [
        (Frame(Opcode.TEXT, b"Hello"), "810548656c6c6f"),
        (Frame(Opcode.TEXT, b"Hel", fin=False), "010348656c"),
        (Frame(Opcode.CONTINUATION, b"lo"), "80026c6f"),
        (Frame(Opcode.PING, b"Hello"), "890548656c6c6f"),
        (Frame(Opcode.BINARY, bytes(256)), "827e0100" + "00" * 256),
        (Frame(Opcode.BINARY, bytes(65536)), "827f0000000000010000" + "00" * 65536),
        (Frame(Opcode.TEXT, b"", rsv1=True), "c100"),
    ],
)
def test_frames_are_written_as_the_rfc_has_them(frame: Frame, data: str) -> None:
    assert frame.encode().hex() == data


async def test_the_masked_hello_of_the_rfc_is_read() -> None:
    frame = await read(bytes.fromhex("818537fa213d7f9f4d5158"))
    assert frame == Frame(Opcode.TEXT, b"Hello", masked=True)


def test_the_accept_key_of_the_rfc() -> None:
    assert accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION]),
    st.binary(max_size=300) | st.sampled_from([bytes(65535), bytes(65536)]),
    st.booleans(),
    st.booleans(),
)
def test_a_masked_frame_is_read_back(opcode: Opcode, payload: bytes, fin: bool, rsv1: bool) -> None:
    frame = Frame(opcode, payload, fin=fin, rsv1=rsv1, masked=True)
    assert asyncio.run(read(frame.encode())) == frame


@given(st.binary(max_size=50), st.binary(min_size=4, max_size=4))
def test_masking_twice_is_nothing(payload: bytes, key: bytes) -> None:
    masked = apply_mask(payload, key)
    assert masked == bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
    assert apply_mask(masked, key) == payload


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (Frame(Opcode.TEXT, b"x").encode(), "must mask"),
        (Frame(3, masked=True).encode(), "unknown opcode"),
        (b"\xa1\x80", "reserved bits"),
        (Frame(Opcode.PING, b"x", fin=False, masked=True).encode(), "control frame"),
        (Frame(Opcode.PING, b"x" * 126, masked=True).encode(), "control frame"),
    ],
)
async def test_what_no_client_may_send_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(WireError, match=what):
        await read(data)


@pytest.mark.parametrize("size", [0, 1, 5, 8])
async def test_a_frame_that_is_cut_off_ends_the_stream(size: int) -> None:
    data = Frame(Opcode.TEXT, b"xyz", masked=True).encode()
    with pytest.raises(EOFError):
        await read(data[:size])


@pytest.mark.parametrize(("code", "reason"), [(None, ""), (1000, ""), (4001, "\N{EURO SIGN}")])
def test_a_close_frame_is_read_back(code: int | None, reason: str) -> None:
    assert parse_close(Frame(Opcode.CLOSE, close_payload(code, reason))) == (code, reason)


@pytest.mark.parametrize("payload", [b"x", b"\x03\xe8\xff"])
def test_a_wrong_close_frame_is_refused(payload: bytes) -> None:
    with pytest.raises(WireError, match="close frame"):
        parse_close(Frame(Opcode.CLOSE, payload))


def test_deflate_keeps_its_context_over_messages() -> None:
    one_side, other_side = Deflate(), Deflate()
    message = b"the same words again and again" * 3
    first, second = one_side.compress(message), one_side.compress(message)
    assert len(second) < len(first) < len(message)
    assert [other_side.decompress(each) for each in (first, second)] == [message, message]


def test_deflate_writes_what_the_rfc_has() -> None:
    assert Deflate().decompress(bytes.fromhex("f248cdc9c90700")) == b"Hello"  # RFC 7692, 7.2.3.1


def test_deflate_refuses_what_is_not_compressed() -> None:
    with pytest.raises(WireError, match="not a compressed message"):
        Deflate().decompress(b"\xff\xff\xff")
