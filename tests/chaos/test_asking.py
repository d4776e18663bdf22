"""Requests that hang, are late, or are given another's reply are found; those in order are not."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from chaos.asking import Asker
from chaos.settings import REQUEST_TIMEOUT, SLACK

from .tools import Message, Pretender, echo, only_violation, pretending, timed_out


async def asking(pretender: Pretender) -> Asker:
    """Make requests for a second, and wait for them."""
    asker = Asker(pretending(pretender), seed=1)
    task = asyncio.create_task(asker.run())
    await asyncio.sleep(1.0)
    asker.paused = True
    await asker.all_done()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return asker


@pytest.mark.parametrize("of_session", [False, True])
async def test_replies_in_order_are_fine(of_session: bool) -> None:
    pretender = Pretender()
    pretender.session = pretender if of_session else None
    asker = await asking(pretender)
    assert asker.answered >= 5
    assert asker._client.findings.violations == []


async def test_a_request_may_fail_in_time() -> None:
    async def fail(message: Message) -> Message:
        await asyncio.sleep(REQUEST_TIMEOUT)
        raise timed_out()

    pretender = Pretender()
    pretender.reply = fail
    asker = await asking(pretender)
    assert asker.failed >= 5
    assert asker._client.findings.violations == []


async def test_requests_that_hang() -> None:
    async def hang(message: Message) -> Message:
        await asyncio.sleep(3600)
        return await echo(message)

    pretender = Pretender()
    pretender.reply = hang
    asker = await asking(pretender)
    assert " requests hang" in only_violation(asker._client)


@pytest.mark.parametrize("fails", [False, True])
async def test_requests_that_end_late(fails: bool) -> None:
    async def dawdle(message: Message) -> Message:
        await asyncio.sleep(REQUEST_TIMEOUT + SLACK + 0.4)
        if fails:
            raise timed_out()
        return {"text": message["text"]}

    pretender = Pretender()
    pretender.reply = dawdle
    found = (await asking(pretender))._client.findings.violations
    assert found
    assert all(" took 3.4 s" in violation for violation in found)


@pytest.mark.parametrize("reply", [{"text": "another's"}, {"topics": []}])
async def test_the_reply_of_another(reply: Message) -> None:
    async def mistake(message: Message) -> Message:
        return reply if message["text"].endswith("?3") else await echo(message)

    pretender = Pretender()
    pretender.reply = mistake
    asker = await asking(pretender)
    assert f"request 'picows-8?3' was given the reply {reply}" in only_violation(asker._client)


async def test_an_error_that_may_not_be() -> None:
    async def fail(message: Message) -> Message:
        if message["text"].endswith("?3"):
            raise ZeroDivisionError
        return await echo(message)

    pretender = Pretender()
    pretender.reply = fail
    asker = await asking(pretender)
    assert "a request failed with ZeroDivisionError()" in only_violation(asker._client)
