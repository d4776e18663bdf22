from __future__ import annotations

import math
import socket
import ssl
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wsengine.refusals import describe_failed_dial, parse_retry_after

NOW = datetime(2026, 2, 28, 12, 0, 0, tzinfo=UTC)
WORDS = [
    "Mon",
    "Tue,",
    "Feb",
    "0",
    "31",
    "2026",
    "99999",
    "-1",
    "+9999",
    "GMT",
    ":",
    "12:00:00",
    ";",
]
DATE_WORDS = st.lists(st.sampled_from(WORDS))
MOMENTS = st.datetimes(
    datetime(1970, 1, 1),
    datetime(9998, 1, 1),
    timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)

# Retry-After.


@settings(deadline=None)
@given(st.integers(0, 10**12), st.text(" \t", max_size=2))
def test_a_number_of_seconds(seconds: int, space: str) -> None:
    assert parse_retry_after(f"{space}{seconds}{space}") == seconds


@settings(deadline=None)
@given(MOMENTS)
def test_a_date(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    expected = max(0.0, (moment - NOW).total_seconds())
    assert parse_retry_after(format_datetime(moment), NOW) == expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("Sat, 28 Feb 2026 12:01:30 GMT", 90),
        ("Saturday, 28-Feb-26 12:01:30 GMT", 90),  # RFC 850
        ("Sat Feb 28 12:01:30 2026", 90),  # asctime; without a zone it is UTC
        ("Sat, 28 Feb 2026 13:01:30 +0100", 90),
        ("Sat, 28 Feb 2026 11:59:00 GMT", 0),  # in the past
    ],
)
def test_the_three_forms_of_an_http_date(value: str, seconds: float) -> None:
    assert parse_retry_after(value, NOW) == seconds


def test_a_date_counts_from_now() -> None:
    value = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert parse_retry_after(value) == pytest.approx(3600, abs=30)


@pytest.mark.parametrize(
    "value", [None, "", " ", "soon", "-1", "1.5", "1e3", "٣", "²", "9" * 400, "Mon, 99 Feb 2026"]
)
def test_what_is_absent_or_garbled_asks_for_nothing(value: str | None) -> None:
    assert parse_retry_after(value, NOW) is None


@settings(deadline=None, max_examples=500)
@given(st.text() | DATE_WORDS.map(" ".join) | DATE_WORDS.map("".join))
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
def test_no_text_can_make_it_raise(value: str) -> None:
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


# Failed dials.


def untrusted(code: int = 18) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "CERTIFICATE_VERIFY_FAILED")
    error.verify_message = "self-signed certificate" if code == 18 else "certificate has expired"
    error.verify_code = code
    return error


def test_an_authority_is_advised_only_where_it_is_unknown() -> None:
    told = describe_failed_dial("wss://x", untrusted(10))
    assert told == "wss://x: the server's certificate is not trusted (certificate has expired)"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "no"), "connection refused; is the server running, and"),
        (socket.gaierror(-2, "unknown"), "the host name cannot be resolved ([Errno -2] unknown);"),
        (untrusted(), "certificate is not trusted (self-signed certificate); for a private"),
        (ssl.SSLError(1, "WRONG_VERSION"), "TLS failed (WRONG_VERSION); does the server"),
        (TimeoutError("connect"), "timed out (connect); is the host reachable?"),
        (OSError(113, "No route"), "cannot connect ([Errno 113] No route)"),
        (ConnectionResetError(), "cannot connect (ConnectionResetError)"),
        (ValueError("odd bytes"), "the handshake failed (odd bytes); does the server speak"),
        (EOFError(), "the handshake failed (EOFError); does the server speak WebSocket here?"),
    ],
)
def test_a_failed_dial_says_where_what_and_what_to_check(error: Exception, words: str) -> None:
    message = describe_failed_dial("wss://host/feed", error)
    assert message.startswith("wss://host/feed: ")
    assert words in message


def test_only_where_tls_is_spoken_it_may_be_missing_on_the_other_side() -> None:
    hint = "does the server speak wss:// on this port?"
    assert hint in describe_failed_dial("wss://host", ConnectionResetError())
    assert hint not in describe_failed_dial("ws://host", ConnectionResetError())


def test_only_where_no_tls_is_spoken_the_other_side_may_want_it() -> None:
    hint = "does the server speak WebSocket here, or TLS (wss://)?"
    assert hint in describe_failed_dial("ws://host", EOFError())
    assert hint not in describe_failed_dial("wss://host", EOFError())


def test_an_untrusted_certificate_names_the_option() -> None:
    assert "ConnectOptions(ssl=ssl.create_default_context(cafile=...))" in describe_failed_dial(
        "wss://host", untrusted()
    )


def test_what_a_library_quotes_is_fit_to_be_shown() -> None:
    told = describe_failed_dial("ws://x", ValueError("bad header: \udcf0\x1b[2J caf\xe9"))
    assert told.startswith("ws://x: the handshake failed (bad header: ??[2J caf\xe9)")
    assert told.encode()
