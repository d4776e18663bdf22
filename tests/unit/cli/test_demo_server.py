from __future__ import annotations

import errno

import pytest

from wsengine.cli.app import run
from wsengine.cli.demo_server import DemoSettings, serve_demo
from wsengine.cli.problems import CommandFailed
from wsengine.servers.demo import DemoServer


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "65536"], "--port '65536': must be a whole number"),
        (["--heartbeat", "0"], "--heartbeat '0': must be a number above 0"),
        (["--allow-host", "a:1"], "allowed_hosts='a:1': must be a host name without a port"),
        (["--allow-origin", "a"], "allowed_origins='a': must be like 'https://example.org'"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo-server", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"wsengine: {message}")
    assert err.count("\n") == 1


async def test_an_address_that_cannot_be_had_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def start(server: DemoServer) -> None:
        raise OSError(errno.EADDRINUSE, "error while attempting to bind")

    monkeypatch.setattr(DemoServer, "start", start)
    with pytest.raises(CommandFailed, match=r"cannot listen on .*:8766: Address already in use"):
        await serve_demo(DemoSettings(host="0.0.0.0", port=8766, heartbeat=1.0))
    assert capsys.readouterr() == ("", "")
