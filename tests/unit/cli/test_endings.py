from __future__ import annotations

import asyncio
import re

import pytest

from wsengine.cli.endings import Ending, Expected, FirstReply, Replies
from wsengine.message import Message


async def over(ending: Ending) -> bool:
    """Whether it is over as soon as all is sent."""
    try:
        async with asyncio.timeout(1):
            await ending.wait()
    except TimeoutError:
        return False
    return True


def expected(*patterns: str) -> tuple[Expected, list[bool]]:
    seen: list[bool] = []
    return Expected([re.compile(pattern) for pattern in patterns], lambda: seen.append(True)), seen


async def test_replies_expect_nothing_in_particular() -> None:
    replies = Replies(0.5)
    replies.sending()
    assert replies.missing("at all") is None
    assert await over(replies)


# The rest of Replies is tested in test_feeding.py, with what it is for.


async def test_the_first_message_after_something_was_sent_is_the_reply() -> None:
    shown: list[Message] = []
    first = FirstReply(shown.append)
    first.came("greeting")
    first.sending()
    assert first.missing("in time") == "no reply came in time"
    first.came("reply")
    first.sent()  # later than the reply: the network was quick
    first.came("another")
    assert shown == ["reply"]
    assert first.missing("in time") is None
    assert await over(first)


async def test_where_nothing_is_sent_the_greeting_is_the_reply() -> None:
    shown: list[Message] = []
    first = FirstReply(shown.append)
    first.came("greeting")
    first.came("second")
    assert await over(first)
    assert shown == ["greeting"]


async def test_where_nothing_is_sent_the_greeting_is_waited_for() -> None:
    shown: list[Message] = []
    first = FirstReply(shown.append)
    assert not await over(first)
    first.came(b"greeting")
    assert shown == [b"greeting"]
    assert await over(first)


async def test_patterns_are_found_in_order_each_in_a_message_of_its_own() -> None:
    ending, seen = expected("a", "b")
    ending.came("b")
    ending.came("ab")
    assert ending.missing("yet") == "'b' (pattern 2 of 2) was not seen yet"
    assert not await over(ending)
    ending.sending()
    ending.sent()
    ending.came("xbx")
    ending.came("b")
    assert seen == [True]
    assert ending.missing("yet") is None
    assert await over(ending)


@pytest.mark.parametrize(
    ("pattern", "message", "found"),
    [
        (r"^\d+$", "12", True),
        (r"^\d+$", "12a", False),
        ("é", "é".encode(), True),
        ("^$", b"", True),
        ("x", b"\xff\xfex", True),
    ],
)
async def test_text_and_binary_are_searched(pattern: str, message: Message, found: bool) -> None:
    ending, seen = expected(pattern)
    ending.came(message)
    assert bool(seen) is found
    alone = f"{pattern!r} was not seen at all"
    assert ending.missing("at all") == (None if found else alone)
