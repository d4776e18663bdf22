"""A stop that is slow, hangs, or leaves something is found."""

from __future__ import annotations

from chaos.settings import SLACK, config

from .tools import Pretender, only_violation, pretending

CONFIG = config("c", 1)


async def test_a_stop_in_time() -> None:
    pretender = Pretender()
    pretender.stop_takes = CONFIG.stop_timeout
    client = pretending(pretender)
    await client.stop()
    assert client.findings.violations == []


async def test_a_stop_that_is_slow() -> None:
    pretender = Pretender()
    pretender.stop_takes = CONFIG.stop_timeout + SLACK + 0.5
    client = pretending(pretender)
    await client.stop()
    assert "stop() took 4.5 s" in only_violation(client)


async def test_a_stop_that_hangs() -> None:
    pretender = Pretender()
    pretender.stop_takes = 3600
    client = pretending(pretender)
    await client.stop()
    took, state = client.findings.violations
    assert "stop() took 30.0 s" in took
    assert "after stop() it is open" in state


async def test_a_stop_that_leaves_a_session() -> None:
    client = pretending(Pretender())
    client.sessions_open = 1
    await client.stop()
    assert "1 sessions without on_close" in only_violation(client)
