"""examples/ticker.py with its server, which is killed and started again."""

from __future__ import annotations

import signal

from .programs import ctrl_c, example, port_of, posix, url_of

pytestmark = posix


async def test_subscriptions_outlive_the_server() -> None:
    async with example("ticker_server.py", "0") as server:
        url = await url_of(server)
        async with example("ticker.py", "--url", url, "btc", "sol") as ticker:
            assert await ticker.line("") == "open"
            await ticker.line(r"^btc \d+\.\d\d$")
            await ticker.line(r"^sol \d+\.\d\d$")
            await server.kill()
            await ticker.line("^closed: 1006 ABNORMAL_CLOSURE")
            async with example("ticker_server.py", port_of(url)) as successor:
                await ticker.line(r"^back after \d+\.\d s$")
                await ticker.line(r"^btc \d+\.\d\d$")
                await ticker.line(r"^sol \d+\.\d\d$")
                ended = await ctrl_c(ticker)
                server_ended = await ctrl_c(successor)
    told = [line for line in server_ended.out.splitlines() if line.startswith("subscribe")]
    assert told == ["subscribe btc", "subscribe sol"]
    assert ended.out.splitlines()[-1] == "closed: 1001 GOING_AWAY"
    assert "eth" not in ended.out


async def test_a_subscription_that_is_refused_is_in_the_log() -> None:
    async with example("ticker_server.py", "0") as server:
        async with example("ticker.py", "--url", await url_of(server), "eth", "doge") as ticker:
            await ticker.line(r"^eth \d+\.\d\d$")
            ticker.signal(signal.SIGINT)
            ended = await ticker.end()
        await ctrl_c(server)
    assert ended.code == 0
    assert "subscribing 'doge' failed: " in ended.error_line
    assert "there is no doge" in ended.error_line


async def test_without_a_server_it_says_so() -> None:
    async with example("ticker.py", "--url", "ws://127.0.0.1:1") as ticker:
        ended = await ticker.end()
    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith("ticker: could not start: ws://127.0.0.1:1: ")
