"""Where a library has no way through a proxy, the adapter has to say so when it dials."""

from __future__ import annotations

import pytest

from wsengine import ConfigError, ConnectError, ConnectOptions, MissingDependencyError
from wsengine.adapter import Connection
from wsengine.testing import CHECKS, CheckFailed, CheckSkipped, ScriptedAdapter, run_check

REASON = "the library knows no SOCKS"
DECLINABLE = [name for name, check in CHECKS.items() if check.declinable]


class Fails:
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        raise self.error


def test_all_checks_of_proxies_may_be_declined_and_no_others() -> None:
    assert [CHECKS[name].chapter for name in DECLINABLE] == ["Proxies"] * len(DECLINABLE)
    assert {"goes_through_a_proxy", "goes_through_socks5"} <= set(DECLINABLE)


@pytest.mark.parametrize("check", DECLINABLE)
async def test_a_clear_refusal_is_no_failure(check: str) -> None:
    with pytest.raises(CheckSkipped, match=REASON):
        await run_check(check, Fails(ConfigError("proxy: not this one")), cannot=REASON)


@pytest.mark.parametrize("kind", [ConnectError, MissingDependencyError])
async def test_other_errors_are_as_clear(kind: type[Exception]) -> None:
    with pytest.raises(CheckSkipped, match=REASON):
        await run_check("goes_through_socks5", Fails(kind("no SOCKS here")), cannot=REASON)


@pytest.mark.parametrize("check", ["goes_through_socks5", "tells_that_socks5_refused"])
async def test_an_unclear_refusal_is_a_failure(check: str) -> None:
    with pytest.raises(CheckFailed, match="an error that tells of the proxy"):
        await run_check(check, Fails(ConfigError("no such thing")), cannot=REASON)
    with pytest.raises(CheckFailed, match="a bug"):
        await run_check(check, Fails(KeyError("a bug")), cannot=REASON)


async def test_going_on_without_the_proxy_is_a_failure() -> None:
    with pytest.raises(CheckFailed, match="returned a connection"):
        await run_check("goes_through_socks5", ScriptedAdapter(), cannot=REASON)


@pytest.mark.parametrize("check", ["goes_through_socks5", "tells_that_socks5_refused"])
async def test_a_refusal_that_nobody_declared_is_a_failure(check: str) -> None:
    with pytest.raises(CheckFailed):
        await run_check(check, Fails(ConfigError("proxy: not this one")))
