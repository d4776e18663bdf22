"""Any bytes as the payload of a server's close frame: the right end, on every adapter."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.integration.conftest import ADAPTERS
from wsengine import Adapter, Close, ConnectionClosed, ConnectOptions
from wsengine.testing.conformance.violations import UNSENDABLE_CODES
from wsengine.testing.rawserver import RawServer
from wsengine.testing.wire import Frame, Opcode, close_payload

from .budget import examples

PATIENCE = 5.0
OPTIONS = ConnectOptions(proxy=None)

codes = st.one_of(st.sampled_from(UNSENDABLE_CODES), st.integers(990, 1020), st.integers(0, 65535))
payloads = st.one_of(
    st.binary(max_size=125),
    st.builds(lambda code, reason: close_payload(code) + reason, codes, st.binary(max_size=123)),
    st.builds(close_payload, codes, st.text(max_size=30)),
)


class Stage:
    """A server and an adapter on an event loop, for one example after the other."""

    def __init__(self, adapter: str) -> None:
        self.loop = asyncio.new_event_loop()
        module = importlib.import_module(f"wsengine.adapters.{adapter}")
        self._adapter: Adapter = getattr(module, f"{adapter.title()}Adapter")(close_timeout=0.5)
        self._server = self.loop.run_until_complete(RawServer().__aenter__())

    def close(self) -> None:
        """Stop the server."""
        self.loop.run_until_complete(self._server.__aexit__(None, None, None))
        self.loop.close()

    def end_by(self, payload: bytes) -> tuple[Close, int | None]:
        """Return how a session ended by a close frame, and the code that the client sent."""
        return self.loop.run_until_complete(self._end_by(payload))

    async def _end_by(self, payload: bytes) -> tuple[Close, int | None]:
        async with asyncio.timeout(PATIENCE):
            connection = await self._adapter.connect(self._server.url(), OPTIONS)
            peer = await self._server.next_peer()
            peer.send(Frame(Opcode.CLOSE, payload))
            receiving = asyncio.ensure_future(connection.receive())
            code, _ = await peer.next_close()
            peer.hang_up()
            with pytest.raises(ConnectionClosed) as caught:
                await receiving
            await connection.close(1000, "")
        return caught.value.close, code


@pytest.fixture(params=ADAPTERS)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    one = Stage(request.param)
    yield one
    one.close()


def expected(payload: bytes) -> tuple[Close | None, set[int]]:
    """Return the end that a payload may mean, and the codes with which it may be refused."""
    if len(payload) < 2:
        return (None, {1002}) if payload else (Close(1005), set())
    code, reason = int.from_bytes(payload[:2]), None
    with contextlib.suppress(UnicodeDecodeError):
        reason = payload[2:].decode()
    refused = {1007} if reason is None else set()
    if code in UNSENDABLE_CODES or not 1000 <= code <= 4999:
        return None, refused | {1002}
    if 1016 <= code <= 2999:  # not registered: each library has its own mind (section 7.4.2)
        refused.add(1002)
    return None if reason is None else Close(code, reason), refused


def test_any_payload(stage: Stage) -> None:
    @examples(60)
    @given(payloads)
    @example(close_payload(1016))
    @example(close_payload(1100))
    @example(close_payload(2999))
    @example(close_payload(4999))
    @example(close_payload(1000) + b"\xe2\x82")
    def check(payload: bytes) -> None:
        close, sent = stage.end_by(payload)
        meant, refused = expected(payload)
        if close.client_initiated:
            assert close.code in refused
            assert sent == close.code
        else:
            assert close == meant
            assert sent in {meant.code, 1000, None}

    check()
