"""What `check_adapter` makes of the checks: a report, or one error that lists what is wrong."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from wsengine import ConfigError, ConnectError, ConnectOptions
from wsengine.adapter import Connection
from wsengine.adapters.websockets import WebsocketsAdapter
from wsengine.testing import CHECKS, CheckFailed, ConformanceError, check_adapter, run_check

from . import saboteurs as wrong
from . import saboteurs_messages as spoilt
from .saboteurs import WrappedAdapter, wrapping

FEW = ("receives_text", "receives_binary", "sends_text")
OTHERS = set(CHECKS) - set(FEW)


async def test_reports_what_passed_and_what_was_skipped() -> None:
    report = await check_adapter(WebsocketsAdapter(), skip=OTHERS)
    assert report.passed == tuple(name for name in CHECKS if name in FEW)
    assert set(report.skipped) == OTHERS
    assert report.failures == ()


async def test_reports_the_reasons_given_for_skipping() -> None:
    reasons = dict.fromkeys(OTHERS, "takes too long")
    report = await check_adapter(WebsocketsAdapter(), skip=reasons)
    assert set(report.skipped.values()) == {"takes too long"}
    assert "passed   receives_text" in str(report)
    assert "skipped  receives_16_mib: takes too long" in str(report)


async def test_raises_one_error_that_lists_every_failure() -> None:
    with pytest.raises(ConformanceError, match="1 of 3 checks failed") as caught:
        await check_adapter(wrapping(spoilt.TextAsBytes), skip=OTHERS)
    assert [failure.name for failure in caught.value.failures] == ["receives_text"]
    assert caught.value.report.passed == tuple(
        name for name in CHECKS if name in {"receives_binary", "sends_text"}
    )
    for part in (CHECKS["receives_text"].clause, "'plain'", "b'plain'"):
        assert part in str(caught.value)


async def test_a_check_that_does_not_apply_is_reported_as_skipped() -> None:
    skip = set(CHECKS) - {"native_receives_text"}
    report = await check_adapter(wrapping(wrong.plain), skip=skip)
    assert report.passed == ()
    assert "native_receive" in report.skipped["native_receives_text"]


@pytest.mark.parametrize("source", [WebsocketsAdapter(), WebsocketsAdapter, "websockets"])
async def test_takes_an_adapter_a_class_or_a_name(source: object) -> None:
    await run_check("receives_text", source)  # type: ignore[arg-type]


async def test_calls_a_function_for_each_check() -> None:
    made: list[WrappedAdapter] = []

    def make() -> WrappedAdapter:
        made.append(WrappedAdapter())
        return made[-1]

    await check_adapter(make, skip=OTHERS)
    assert len(made) == len(FEW)


async def test_refuses_to_skip_what_is_no_check() -> None:
    with pytest.raises(ConfigError, match="recieves_text"):
        await check_adapter(WebsocketsAdapter(), skip=["recieves_text"])


async def test_refuses_to_run_what_is_no_check() -> None:
    with pytest.raises(ConfigError, match="recieves_text"):
        await run_check("recieves_text", WebsocketsAdapter())


async def test_names_what_is_wrong_in_the_request_not_what_follows_from_it() -> None:
    class Posts:
        async def connect(self, url: str, options: ConnectOptions) -> Connection:
            parts = urlsplit(url)
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(b"POST / HTTP/1.1\r\nHost: example.com\r\n\r\n")
            try:
                await reader.readexactly(1)
            except (OSError, EOFError) as error:
                raise ConnectError("no answer") from error
            finally:
                writer.close()
            raise ConnectError("no WebSocket")

    with pytest.raises(CheckFailed, match="must be a GET request, not POST") as caught:
        await run_check("receives_text", Posts)
    assert caught.value.expected == "a client that keeps to RFC 6455"
