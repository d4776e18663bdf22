from __future__ import annotations

import copy
import dataclasses

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wsengine import Close, CloseCode, ConfigError
from wsengine.close import GOING_AWAY, MAX_REASON_BYTES

ONLY_REPORTED = (1005, 1006, 1015)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)  # lone surrogates, too


# What a close is.


def test_the_codes_are_those_of_the_registry() -> None:
    assert {code.name.lower(): int(code) for code in CloseCode} == {
        "normal_closure": 1000,
        "going_away": 1001,
        "protocol_error": 1002,
        "unsupported_data": 1003,
        "no_status_received": 1005,
        "abnormal_closure": 1006,
        "invalid_data": 1007,
        "policy_violation": 1008,
        "message_too_big": 1009,
        "mandatory_extension": 1010,
        "internal_error": 1011,
        "service_restart": 1012,
        "try_again_later": 1013,
        "bad_gateway": 1014,
        "tls_handshake": 1015,
        "unauthorized": 3000,
        "forbidden": 3003,
        "timeout": 3008,
    }


@pytest.mark.parametrize("code", list(CloseCode))
def test_a_registered_code_becomes_its_name(code: CloseCode) -> None:
    close = Close(int(code))
    assert isinstance(close.code, CloseCode)
    assert close == Close(code)
    assert code.name in str(close)


def test_a_private_code_stays_a_number() -> None:
    assert type(Close(4001).code) is int
    assert str(Close(4001, "bye")) == "4001 (bye)"


def test_it_reads_well_with_name_and_reason() -> None:
    assert str(Close(1000)) == "1000 NORMAL_CLOSURE"
    assert str(Close(1008, "no")) == "1008 POLICY_VIOLATION (no)"


def test_equal_closes_are_equal_keys_and_copies() -> None:
    close = Close(1001, "x", client_initiated=True)
    assert {close: 1}[Close(CloseCode.GOING_AWAY, "x", client_initiated=True)] == 1
    assert close != Close(1001, "x")
    assert copy.deepcopy(close) == close


def test_a_close_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        GOING_AWAY.code = 1000  # type: ignore[misc]


@pytest.mark.parametrize("code", ["1000", 1000.0, None, True])
def test_a_code_that_is_no_number_is_refused(code: object) -> None:
    with pytest.raises(ConfigError, match=r"^code=.*: must be a close code"):
        Close(code)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", [-1, 65536, 10**30])
def test_a_code_that_no_frame_can_hold_is_refused(code: int) -> None:
    with pytest.raises(ConfigError, match=rf"^code={code}: must be a number of 16 bits"):
        Close(code)


def test_a_reason_that_is_no_text_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^reason=b'bye': must be a str"):
        Close(1000, b"bye")  # type: ignore[arg-type]


# What may go on the wire.


@settings(deadline=None)
@given(st.integers(0, 65535))
@example(1000)
@example(2999)
@example(3001)
@example(4999)
@example(5000)
def test_only_these_codes_can_be_sent(code: int) -> None:
    registered = code in set(CloseCode) and code not in ONLY_REPORTED
    if registered or 3000 <= code <= 4999:
        Close(code).check_sendable()
    else:
        with pytest.raises(ConfigError, match=rf"^close code {code} cannot be sent: use 1000"):
            Close(code).check_sendable()


def test_a_reason_may_fill_the_frame_and_no_more() -> None:
    Close(1000, "é" * 61 + "x").check_sendable()
    with pytest.raises(ConfigError, match=r"has 124 bytes .* holds 123: .*Close\.cut_reason"):
        Close(1000, "é" * 62).check_sendable()


def test_a_reason_that_utf8_cannot_hold_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"cannot be sent as UTF-8 .*Close\.cut_reason"):
        Close(1000, "a\ud800b").check_sendable()


@settings(deadline=None)
@given(ANY_TEXT)
def test_a_cut_reason_can_always_be_sent(text: str) -> None:
    Close(1000, Close.cut_reason(text)).check_sendable()


@settings(deadline=None)
@given(st.text(max_size=300))
def test_a_cut_reason_is_the_longest_prefix_that_fits(text: str) -> None:
    cut = Close.cut_reason(text)
    assert text.startswith(cut)
    assert len(cut.encode()) <= MAX_REASON_BYTES
    if cut != text:
        assert len(text[: len(cut) + 1].encode()) > MAX_REASON_BYTES


@pytest.mark.parametrize("character", ["é", "€", "😀"])
@pytest.mark.parametrize("before", [119, 120, 121, 122, 123])
def test_a_cut_never_breaks_a_character(character: str, before: int) -> None:
    size = len(character.encode())
    fits = before + size <= MAX_REASON_BYTES
    assert Close.cut_reason("x" * before + character) == "x" * before + character * fits


def test_what_utf8_cannot_hold_becomes_a_question_mark() -> None:
    assert Close.cut_reason("a\ud800b") == "a?b"
