"""What the library logs is logged without secrets, and without the content of messages."""

from __future__ import annotations

import logging

import pytest
from websockets.frames import Frame, Opcode

from wsengine.adapters.websockets_logging import LOGGER

SECRET = b"hunter2"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (("> %s: %s", "Authorization", "Bearer hunter2"), "> Authorization: ..."),
        (("< %s: %s", "Set-Cookie", "id=hunter2"), "< Set-Cookie: ..."),
        (("> %s: %s", "X-Api-Key", "hunter2"), "> X-Api-Key: ..."),
        (("> %s: %s", "Upgrade", "websocket"), "> Upgrade: websocket"),
        (("> GET %s HTTP/1.1", "/feed?token=hunter2"), "> GET /feed?token=... HTTP/1.1"),
        (("< HTTP/1.1 %d %s", 101, "Switching Protocols"), "< HTTP/1.1 101 Switching Protocols"),
        (("= connection is %s", "OPEN"), "= connection is OPEN"),
        (("< EOF",), "< EOF"),
        (("% sent keepalive ping",), "% sent keepalive ping"),
        (("< %s", Frame(Opcode.TEXT, SECRET)), "< TEXT [7 bytes]"),
        (("> %s", Frame(Opcode.BINARY, SECRET, fin=False)), "> BINARY [7 bytes, continued]"),
        (("> %s", Frame(Opcode.PING, SECRET)), "> PING [7 bytes]"),
        (("< %s", "TEXT 'hunter2'"), "< ..."),
    ],
)
def test_a_line(caplog: pytest.LogCaptureFixture, line: tuple[str, ...], shown: str) -> None:
    caplog.set_level(logging.DEBUG, "websockets.client")
    LOGGER.debug(*line)
    LOGGER.log(logging.DEBUG, *line)
    assert [record.getMessage() for record in caplog.records] == [shown, shown]
    assert {record.name for record in caplog.records} == {"websockets.client"}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (("> header %s: %s", "Authorization", "hunter2"), "> header ...: ..."),
        (("> GET %s HTTP/1.1 ", "/?token=hunter2"), "> GET ... HTTP/1.1 "),
        (("> GET %s HTTP/1.1", "/", "hunter2"), "> GET ... HTTP/1.1"),
        (
            ("%5.1f %% of %-3d, %(x)s %r %#x", 1.0, 2, "hunter2", "hunter2", 3),
            "... % of ..., ... ... ...",
        ),
    ],
)
def test_no_value_of_a_line_that_is_not_known(
    caplog: pytest.LogCaptureFixture, line: tuple[str, ...], shown: str
) -> None:
    caplog.set_level(logging.DEBUG, "websockets.client")
    LOGGER.debug(*line)
    [record] = caplog.records
    assert record.getMessage() == shown
    assert not record.args


def test_errors_keep_their_traceback(caplog: pytest.LogCaptureFixture) -> None:
    LOGGER.error("parser failed", exc_info=ValueError("why"))
    [record] = caplog.records
    assert record.getMessage() == "parser failed"
    assert record.exc_info is not None
