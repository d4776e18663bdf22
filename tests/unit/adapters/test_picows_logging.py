from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from wsengine import ConnectError, ConnectOptions
from wsengine.adapters.picows import PicowsAdapter
from wsengine.adapters.picows_logging import keep_out_of_the_log


async def test_a_server_that_hangs_up_during_the_handshake_of_tls_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        # With asyncio's transports, or aiofastnet's: on any event loop, that is what it is about.
        adapter = PicowsAdapter(use_aiofastnet=True)
        with pytest.raises(ConnectError, match="does the server speak wss:// on this port"):
            await adapter.connect(f"wss://127.0.0.1:{port}", ConnectOptions(proxy=None))
    assert [record.name for record in caplog.records if record.levelno > logging.INFO] == []


@pytest.mark.parametrize(
    ("exc_info", "logged"),
    [
        ((ConnectionResetError, ConnectionResetError, ConnectionResetError.__traceback__), False),
        ((ConnectionResetError, ConnectionResetError("reset"), None), True),
        (False, True),
    ],
)
def test_only_an_error_that_is_none_is_left_out(
    exc_info: Any, logged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    keep_out_of_the_log()
    keep_out_of_the_log()
    logging.getLogger("asyncio").error("failed", exc_info=exc_info)
    assert bool(caplog.records) is logged
