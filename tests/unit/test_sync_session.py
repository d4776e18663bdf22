from __future__ import annotations

import threading
from typing import Any

import pytest

from wsengine import (
    ConfigError,
    ConnectionClosed,
    EngineState,
    EngineStateError,
    JsonCodec,
    JsonCorrelator,
    RequestFailed,
    RequestTimeoutError,
    SyncSession,
)
from wsengine.testing import Accept, Lose

from .sync_tools import PATIENCE, Gate, Silent, adapter_of, at_server, make, running


def test_it_passes_through_what_it_stands_for() -> None:
    engine = make(Silent(), Accept("x"))
    with running(engine) as session:
        engine.endpoint.came.wait()
        assert isinstance(session, SyncSession)
        assert session.engine is engine
        assert repr(session) == f"<SyncSession {session.id} of 'ws://s'>"
        assert session is engine.session
        assert session.handshake.status == 101
        assert session.native is adapter_of(engine).connection
        assert session.gap is None
        session.attributes["key"] = 1
        assert session.attributes == {"key": 1}
        assert session.stats().messages_received == 1
        assert session.closed is None
    assert session.closed is not None
    assert session.closed.client_initiated


def test_it_sends_from_any_thread() -> None:
    engine = make(Silent())
    with running(engine) as session:
        threads = [threading.Thread(target=session.send, args=(str(n),)) for n in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert set(adapter_of(engine).connection.sent) == {str(n) for n in range(10)}


def test_wrong_messages_raise_where_they_are_sent() -> None:
    engine = make(Silent())
    with running(engine) as session, pytest.raises(TypeError):
        session.send(1)


def test_a_ping_is_bounded_only_where_that_is_asked_for() -> None:
    engine = make(Silent())
    with running(engine) as session:
        assert session.ping() >= 0
        adapter_of(engine).connection.ping_delay = None
        with pytest.raises(TimeoutError, match=r"ping\(\) was not done within 0.01 s"):
            session.ping(timeout=0.01)


def test_the_end_of_the_session_ends_a_wait() -> None:
    engine = make(Silent(), reconnect=None)
    with running(engine) as session:
        connection = adapter_of(engine).connection
        connection.ping_delay = None
        waits = threading.Thread(target=at_server, args=(engine, connection.lose))
        waits.start()
        with pytest.raises(ConnectionClosed):
            session.ping()
        waits.join(PATIENCE)


def test_after_the_stop_it_raises_at_once_as_an_async_session_does() -> None:
    engine = make(Silent())
    with running(engine) as session:
        pass
    with pytest.raises(ConnectionClosed) as caught:
        session.send("too late")
    assert caught.value.close.client_initiated
    assert isinstance(caught.value.__cause__, EngineStateError)
    with pytest.raises(ConnectionClosed):
        session.ping()
    with pytest.raises(ConnectionClosed), session.paused():
        pytest.fail("paused")
    session.restart()
    session.exit()
    assert engine.state is EngineState.STOPPED


class Asking(Silent):
    """Makes a request in every callback that may."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: list[Any] = []

    def on_open(self, session: Any, *, restarting: bool) -> None:
        self.replies.append(session.request({"ask": 0}, timeout=PATIENCE)["answer"])

    def on_message(self, session: Any, message: Any) -> None:
        self.replies.append(session.request({"ask": 1}, timeout=PATIENCE)["answer"])
        self.came.open()


def answer_in_kind(engine: Any) -> None:
    """Have the scripted server answer each request at once."""
    adapter: Any = adapter_of(engine)
    connect = adapter.connect

    async def connect_and_answer(url: Any, options: Any) -> Any:
        connection = await connect(url, options)
        send = connection.send

        async def send_and_answer(message: Any) -> None:
            await send(message)
            asked = JsonCodec().decode(message)
            if "refuse" in asked:
                reply = {"id": asked["id"], "error": {"code": 7, "message": "refused"}}
            else:
                reply = {"id": asked["id"], "answer": asked["ask"]}
            if "ignore" not in asked:
                connection.feed(JsonCodec().encode(reply))

        connection.send = send_and_answer
        return connection

    adapter.connect = connect_and_answer


def test_requests_work_in_callbacks_with_one_worker() -> None:
    engine = make(Asking(), codec=JsonCodec(), correlator=JsonCorrelator(error_field="error"))
    answer_in_kind(engine)
    with running(engine) as session:
        at_server(engine, session.native.feed, '{"news": 1}')
        engine.endpoint.came.wait()
        assert session.request({"ask": 2})["answer"] == 2
        assert engine.request({"ask": 3})["answer"] == 3
        with pytest.raises(RequestFailed) as caught:
            session.request({"refuse": 1})
        assert caught.value.reply["error"]["code"] == 7
        with pytest.raises(RequestTimeoutError):
            session.request({"ask": 4, "ignore": True}, timeout=0.01)
        with session.paused(), pytest.raises(EngineStateError, match="you who reads"):
            session.request({"ask": 5})
    assert engine.endpoint.replies == [0, 1]


def test_without_a_correlator_a_request_says_what_is_missing() -> None:
    engine = make(Silent())
    with running(engine) as session, pytest.raises(ConfigError, match="correlator"):
        session.request("x")


def test_exit_stops_the_engine() -> None:
    engine = make(Silent())
    with running(engine) as session:
        session.exit()
        engine.wait_stopped(timeout=PATIENCE)
    assert engine.state is EngineState.STOPPED


class Keeping(Silent):
    """Keeps its sessions, and says when there is a second one."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: list[Any] = []
        self.reopened = Gate()

    def on_open(self, session: Any, *, restarting: bool) -> None:
        self.sessions.append(session)
        if restarting:
            self.reopened.open()


def test_a_session_that_is_over_says_how_while_the_engine_goes_on() -> None:
    endpoint = Keeping()
    with make(endpoint, Accept(Lose())):
        endpoint.reopened.wait()
        with pytest.raises(ConnectionClosed, match="1006"):
            endpoint.sessions[0].send("x")
        endpoint.sessions[1].send("x")


def test_restart_opens_another_session() -> None:
    endpoint = Keeping()
    with make(endpoint):
        endpoint.sessions[0].attributes["seen"] = 7
        endpoint.sessions[0].restart()
        endpoint.reopened.wait()
    assert endpoint.sessions[1].gap.attributes == {"seen": 7}
