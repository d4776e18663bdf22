"""Messages as a terminal may show them: a server must not have the terminal in its hands."""

from __future__ import annotations

import unicodedata

PREVIEW = 24
"""How many bytes of a binary message are shown."""


def show_text(text: str, indent: int = 0) -> str:
    """Return a text with its control characters written out, except for tabs and line breaks.

    Args:
        text: The text.
        indent: How many spaces to put before every line but the first.
    """
    lines = (printable(line.removesuffix("\r")) for line in text.split("\n"))
    return f"\n{' ' * indent}".join(lines)


def show_binary(message: bytes) -> str:
    """Return a short description of a binary message: its size and how it begins."""
    size = "1 byte" if len(message) == 1 else f"{len(message)} bytes"
    if not message:
        return f"binary, {size}"
    more = " ..." if len(message) > PREVIEW else ""
    return f"binary, {size}: {message[:PREVIEW].hex(' ')}{more}"


def one_line(text: str) -> str:
    """Return a text in one line, with its control characters written out."""
    return printable(" ".join(text.split()))


def printable(line: str) -> str:
    """Return a line with its control characters written out, except for tabs."""
    if line.isprintable():
        return line
    return "".join(
        ascii(char)[1:-1] if char != "\t" and unicodedata.category(char) == "Cc" else char
        for char in line
    )
