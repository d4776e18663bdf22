from __future__ import annotations

from wsengine.cli.lines import Lines
from wsengine.cli.report import JsonReport
from wsengine.cli.sources import Chain, Given, Source, TextLines
from wsengine.message import Message


async def take_all(source: Source) -> list[Message]:
    taken = []
    while (message := await source.next()) is not None:
        taken.append(message)
    return taken


def lines_of(data: bytes) -> tuple[TextLines, list[str]]:
    told: list[str] = []
    lines = Lines()
    lines.feed(data)
    lines.feed(b"")
    return TextLines(lines, JsonReport(told.append)), told


async def test_what_is_given_comes_at_once() -> None:
    given = Given(["one", b"two"])
    assert len(given) == 2
    assert await take_all(given) == ["one", b"two"]
    assert len(given) == 0


async def test_lines_are_text_and_others_are_told_of() -> None:
    lines, told = lines_of(b"one\n\xff\ntwo\xc3\xa9\n\xfe\n")
    assert len(lines) == 4
    assert await take_all(lines) == ["one", "twoé"]
    assert ["not UTF-8" in line for line in told] == [True, True]


async def test_a_chain_gives_all_of_one_before_the_next() -> None:
    lines, _ = lines_of(b"three\n")
    chain = Chain([Given(["one", "two"]), Given([]), lines])
    assert len(chain) == 3
    assert await take_all(chain) == ["one", "two", "three"]
    assert len(chain) == 0
