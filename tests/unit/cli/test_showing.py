from __future__ import annotations

import pytest

from wsengine.cli.showing import one_line, show_binary, show_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("naïve 日本\u3000 \U0001f600", "naïve 日本\u3000 \U0001f600"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("\x9b1m \x00 \x7f", r"\x9b1m \x00 \x7f"),
        ("a\tb", "a\tb"),
        ("a\rb", r"a\rb"),
        ("a\r\nb\n", "a\n  b\n  "),
    ],
)
def test_a_server_cannot_take_the_terminal_over(text: str, shown: str) -> None:
    assert show_text(text, indent=2) == shown


def test_what_must_be_one_line_is_one_line() -> None:
    assert one_line(" two\nlines\r\n and \x1b an  escape ") == r"two lines and \x1b an escape"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (b"", "binary, 0 bytes"),
        (b"\x00", "binary, 1 byte: 00"),
        (b"\x01\xff", "binary, 2 bytes: 01 ff"),
        (b"a" * 24, "binary, 24 bytes:" + 24 * " 61"),
        (b"a" * 1000, "binary, 1000 bytes:" + 24 * " 61" + " ..."),
    ],
)
def test_binary_is_shown_by_its_size_and_beginning(message: bytes, shown: str) -> None:
    assert show_binary(message) == shown
