"""What the library logs of a handshake is logged without its secrets."""

from __future__ import annotations

import logging

import pytest

from wsengine.adapters.websockets_logging import LOGGER


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (("> %s: %s", "Authorization", "Bearer hunter2"), "> Authorization: ..."),
        (("< %s: %s", "Set-Cookie", "id=hunter2"), "< Set-Cookie: ..."),
        (("> %s: %s", "X-Api-Key", "hunter2"), "> X-Api-Key: ..."),
        (("> %s: %s", "Upgrade", "websocket"), "> Upgrade: websocket"),
        (("> GET %s HTTP/1.1", "/feed?token=hunter2"), "> GET /feed?token=... HTTP/1.1"),
        (("= connection is %s", "OPEN"), "= connection is OPEN"),
        (("< EOF",), "< EOF"),
    ],
)
def test_a_line(caplog: pytest.LogCaptureFixture, line: tuple[str, ...], shown: str) -> None:
    caplog.set_level(logging.DEBUG, "websockets.client")
    LOGGER.debug(*line)
    LOGGER.log(logging.DEBUG, *line)
    assert [record.getMessage() for record in caplog.records] == [shown, shown]
    assert {record.name for record in caplog.records} == {"websockets.client"}


def test_errors_pass_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    LOGGER.error("%s failed", "it", exc_info=ValueError("why"))
    [record] = caplog.records
    assert record.getMessage() == "it failed"
    assert record.exc_info is not None
