"""examples/authenticated_feed.py: every dial has a token of its own, until there is none."""

from __future__ import annotations

from .programs import ctrl_c, example, posix

EXPIRED = "closed: 3000 UNAUTHORIZED (the token has expired)"


async def test_each_dial_brings_a_fresh_token_until_one_is_refused() -> None:
    async with example("authenticated_feed.py", "2") as program:
        ended = await program.end()
    lines = ended.out.splitlines()
    assert [line for line in lines if not line.startswith("message ")] == [
        *("a fresh token", EXPIRED),
        *("a fresh token", EXPIRED),
        "a fresh token",
    ]
    assert lines[:2] == ["a fresh token", "message 1"]
    assert lines.count("message 1") == 2
    assert ended.code == 1
    last = ended.err.splitlines()[-1]
    assert last.startswith("gave up: ws://127.0.0.1:")
    assert "HTTP status 401" in last
    assert "Traceback" not in ended.err


@posix
async def test_it_ends_with_ctrl_c() -> None:
    async with example("authenticated_feed.py", "100") as program:
        for _ in range(2):
            await program.line("^message 1$")
        ended = await ctrl_c(program)
    assert ended.out.count("a fresh token") >= 2
