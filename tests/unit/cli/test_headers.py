from __future__ import annotations

import pytest

from wsengine import ConfigError
from wsengine.cli.headers import parse_headers


@pytest.mark.parametrize(
    ("lines", "headers"),
    [
        ([], {}),
        (["Name: value"], {"Name": "value"}),
        (["Name:value"], {"Name": "value"}),
        (["  Name  :  a value "], {"Name": "a value"}),
        (["Empty:"], {"Empty": ""}),
        (["When: 12:30:00"], {"When": "12:30:00"}),
        (["X: a", "Y: b", "x: c"], {"X": "a, c", "Y": "b"}),
        (["Cookie: a=1", "Cookie: b=2"], {"Cookie": "a=1; b=2"}),
    ],
)
def test_headers(lines: list[str], headers: dict[str, str]) -> None:
    assert parse_headers(lines) == headers


@pytest.mark.parametrize(
    ("line", "lacks"), [("Authorization Bearer s3cret", "colon"), (": s3cret", "name"), ("", "col")]
)
def test_the_error_says_which_one_and_keeps_the_secret(line: str, lacks: str) -> None:
    with pytest.raises(ConfigError, match=f"--header number 2 has no {lacks}") as raised:
        parse_headers(["X: y", line])
    assert "s3cret" not in str(raised.value)
