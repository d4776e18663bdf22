"""Why a dial failed, in words that help; shared by the adapters."""

from __future__ import annotations

import math
import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final


def parse_retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks to wait (RFC 9110 section 10.2.3).

    Args:
        value: The header's value, a number of seconds or a date; or `None`.
        now: The present time, aware; the clock's where it is `None`.

    Returns:
        Seconds, 0 for a date in the past, or `None` where the header is absent or garbled.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        seconds = float(value)
        return seconds if math.isfinite(seconds) else None
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())


def fit_to_show(text: str) -> str:
    """Return what a server said, or a library quotes of it: one line, and not a long one.

    A terminal obeys control characters, and lone surrogates cannot be written to a log.
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text[:200])


UNKNOWN_AUTHORITY: Final = range(18, 22)
"""OpenSSL's codes for a certificate whose issuer is not known here."""


def describe_failed_dial(shown_url: str, error: BaseException) -> str:
    """Return a message for a dial that failed below HTTP: what happened and what to check.

    Args:
        shown_url: The URL, without its secrets.
        error: The library's or the system's exception.
    """
    text = fit_to_show((str(error) or type(error).__name__).splitlines()[0])
    if isinstance(error, ConnectionRefusedError):
        return f"{shown_url}: connection refused; is the server running, and the port right?"
    if isinstance(error, socket.gaierror):
        return f"{shown_url}: the host name cannot be resolved ({text}); check its spelling and DNS"
    if isinstance(error, ssl.SSLCertVerificationError):
        fact = f"{shown_url}: the server's certificate is not trusted ({error.verify_message})"
        if error.verify_code not in UNKNOWN_AUTHORITY:
            return fact
        context = "ConnectOptions(ssl=ssl.create_default_context(cafile=...))"
        return f"{fact}; for a private authority give {context}"
    if isinstance(error, ssl.SSLError):
        return f"{shown_url}: TLS failed ({text}); does the server speak wss:// on this port?"
    if isinstance(error, TimeoutError):
        return f"{shown_url}: timed out ({text}); is the host reachable?"
    if isinstance(error, OSError):
        tls = "; does the server speak wss:// on this port?" if shown_url[:4] == "wss:" else ""
        return f"{shown_url}: cannot connect ({text}){tls}"
    tls = ", or TLS (wss://)" if shown_url[:3] == "ws:" else ""
    return f"{shown_url}: the handshake failed ({text}); does the server speak WebSocket here{tls}?"
