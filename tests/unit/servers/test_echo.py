from __future__ import annotations

import logging

import pytest

from wsengine.servers.echo import EchoServer, _Calm


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "ws://127.0.0.1:8765"),
        ("localhost", "ws://localhost:8765"),
        ("0.0.0.0", "ws://127.0.0.1:8765"),
        ("", "ws://127.0.0.1:8765"),
        ("::1", "ws://[::1]:8765"),
        ("::", "ws://[::1]:8765"),
    ],
)
def test_its_url_can_be_dialled(host: str, url: str) -> None:
    assert EchoServer(host, 8765).url == url


def test_it_has_no_url_before_it_has_a_port() -> None:
    with pytest.raises(RuntimeError, match="start it first"):
        EchoServer().url  # noqa: B018


async def test_stopping_what_never_started_does_nothing() -> None:
    server = EchoServer()
    await server.stop()
    await server.close_clients()
    await server.drop_clients()
    assert server.clients == 0


def test_a_failed_handshake_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    log = _Calm(logging.getLogger("some.server"))
    with caplog.at_level(logging.DEBUG):
        log.error("opening handshake failed", exc_info=True)
        log.error("connection handler failed")
    quiet, loud = caplog.records
    assert (quiet.levelno, quiet.exc_info) == (logging.DEBUG, None)
    assert loud.levelno == logging.ERROR
