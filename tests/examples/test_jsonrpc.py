"""examples/jsonrpc.py, to its end."""

from __future__ import annotations

from .programs import example

PRINTED = """\
the bank asks: 20 to Ann?
the bank says: paid 20 to Ann
the bank asks: 500 to Bob?
the bank refuses: 500 to Bob is not confirmed
the bank refuses: no method borrow
"""


async def test_both_sides_ask_and_answer() -> None:
    async with example("jsonrpc.py") as program:
        ended = await program.end()
    assert (ended.code, ended.out, ended.err) == (0, PRINTED, "")
