from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from wsengine import ConfigError
from wsengine.servers.demo import DemoServer, Faults


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "ws://127.0.0.1:8766/"),
        ("localhost", "ws://localhost:8766/"),
        ("0.0.0.0", "ws://127.0.0.1:8766/"),
        ("", "ws://127.0.0.1:8766/"),
        ("::1", "ws://[::1]:8766/"),
        ("::", "ws://[::1]:8766/"),
    ],
)
def test_its_url_can_be_dialled(host: str, url: str) -> None:
    assert DemoServer(host, 8766).url == url


def test_it_has_no_url_before_it_has_a_port() -> None:
    with pytest.raises(RuntimeError, match="start it first"):
        DemoServer().url  # noqa: B018


@pytest.mark.parametrize(
    "settings",
    [
        {"heartbeat": 0},
        {"heartbeat": None},
        {"port": -1},
        {"allowed_hosts": ["a:1"]},
        {"allowed_origins": ["here"]},
    ],
)
def test_a_wrong_setting_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        DemoServer(**settings)


async def test_what_never_started_has_nothing_to_stop_and_nobody_to_interrupt() -> None:
    server = DemoServer()
    await server.stop()
    assert (server.running, server.started_at, server.uptime) == (False, None, 0.0)
    assert (server.clients, server.interrupt(), server.garble(), server.flood(1)) == ((), 0, 0, 0)


def test_its_faults_are_those_that_it_was_given() -> None:
    faults = Faults(delay=1.0)
    assert DemoServer(faults=faults).faults is faults
    assert DemoServer().faults == Faults()
    with pytest.raises(AttributeError):
        DemoServer().faults = faults  # type: ignore[misc]


@pytest.mark.parametrize(
    ("module", "needs"),
    [
        ("wsengine.servers.demo", "the demo server needs"),
        ("wsengine.playground", "the playground and the demo server need"),
        ("wsengine.playground.panel", "the playground and the demo server need"),
    ],
)
def test_without_aiohttp_it_says_what_to_install(module: str, needs: str) -> None:
    script = f"""
import sys
sys.modules["aiohttp"] = None
import wsengine
try:
    import {module}
except wsengine.MissingDependencyError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30
    )
    expected = f'{needs} aiohttp; run: pip install "wsengine[demo]"\n'
    assert done.stdout == expected
