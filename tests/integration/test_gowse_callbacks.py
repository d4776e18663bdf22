"""What gowse does wrong when a callback fails; each docstring quotes what was measured there."""

from __future__ import annotations

from typing import Any

import pytest

from wsengine import Close, Engine, EngineStartError, EngineState, Session
from wsengine.loading import load_adapter

from .conftest import MakeEngine
from .measuring import until
from .recorder import FAULT, FaultyAdapter, Recorder
from .rude import TEXT, Peer, RudeServer, refuse, speak
from .servers import PoliteServer, listen

pytestmark = pytest.mark.usefixtures("nothing_held")


class Raises(Recorder):
    """Every callback after the first open raises, once."""

    def on_message(self, session: Session, message: Any) -> None:
        super().on_message(session, message)
        if len(self.messages) == 1:
            raise ValueError("on_message went wrong")

    def on_read_error(self, session: Session, error: Exception) -> None:
        super().on_read_error(session, error)
        raise ValueError("on_read_error went wrong")

    async def on_close(self, session: Session, close: Close) -> None:
        super().on_close(session, close)
        raise ValueError("on_close went wrong")

    async def on_close_error(self, session: Session, error: Exception) -> None:
        super().on_close_error(session, error)
        raise ValueError("on_close_error went wrong")

    def on_restart_error(self, engine: Engine, failure: Any) -> None:
        super().on_restart_error(engine, failure)
        raise ValueError("on_restart_error went wrong")


async def test_a_callback_raises(
    make_engine: MakeEngine, adapter: str, caplog: pytest.LogCaptureFixture
) -> None:
    """gowse, of a panic: "the process ends"."""

    async def first(peer: Peer) -> None:
        await peer.accept()
        for text in (b"one", FAULT.encode(), b"two"):
            await peer.send(TEXT, text)
        await peer.read_on()  # it never answers the close frame: on_close_error

    endpoint = Raises()
    faulty = FaultyAdapter(load_adapter(adapter))
    async with (
        RudeServer(first, refuse, speak("three")) as server,
        make_engine(server.url, endpoint, adapter=faulty) as engine,
    ):
        await until(lambda: endpoint.messages == ["one", "two"])
        engine.restart()
        await until(lambda: endpoint.messages == ["one", "two", "three"])
        assert engine.state is EngineState.OPEN
    for name in ("message", "read_error", "close", "close_error", "restart_error"):
        records = [record for record in caplog.records if f"on_{name} raised" in record.message]
        assert records, f"on_{name} is not in the log"
        assert records[0].exc_info, "its traceback is"


async def test_on_open_raises(make_engine: MakeEngine) -> None:
    """gowse, of a panic: "the process ends"; here that open has failed, and the next may not."""

    class RaisesOnce(Recorder):
        def on_open(self, session: Session, *, restarting: bool) -> None:
            super().on_open(session, restarting=restarting)
            if len(self.sessions) == 1:
                raise ValueError("on_open went wrong")

    endpoint = RaisesOnce()
    async with PoliteServer(listen) as server:
        engine = make_engine(server.url, endpoint)
        with pytest.raises(EngineStartError, match=r"on_open raised .*on_open went wrong"):
            await engine.start()
        assert await server.seen_close(0) == (1001, "")
        await engine.start()
        assert engine.state is EngineState.OPEN
        await engine.stop()
