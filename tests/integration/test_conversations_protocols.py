"""JSON-RPC, OCPP-J and WAMP with servers that speak them, both ways."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import ConfigError, Endpoint, JsonCodec, RequestFailed, Session
from wsengine.correlators import JsonRpcCorrelator, PositionalCorrelator
from wsengine.correlators.jsonrpc import Notification

from .measuring import until
from .recorder import Recorder
from .servers import PATIENCE, PoliteServer
from .test_conversations_codecs import speaking

pytestmark = pytest.mark.usefixtures("nothing_held")


class RpcServer:
    """A JSON-RPC 2.0 server with the methods `add`, `late_add`, `ask_back` and `log`.

    Attributes:
        calls: The messages that came.
        results: The results of its own calls to the client.
    """

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.results: list[Any] = []
        self._late: list[Any] = []

    async def __call__(self, connection: ServerConnection) -> None:
        async for text in connection:
            message = json.loads(text)
            self.calls.append(message)
            if isinstance(message, list):
                replies = [self._reply(call) for call in message if "id" in call]
                if replies:  # section 6 of the specification: nothing at all for no reply
                    await self._send(connection, replies[::-1])
            elif "result" in message:
                self.results.append(message)
            elif message["method"] == "late_add":
                self._late.append(self._reply(message))
            elif message["method"] == "ask_back":
                ask = {"jsonrpc": "2.0", "id": message["id"], "method": "name"}
                await self._send(connection, {"jsonrpc": "2.0", "method": "hint"}, ask)
                await self._send(connection, self._reply(message))
            elif "id" in message:
                await self._send(connection, self._reply(message), *self._late)
                self._late.clear()

    async def _send(self, connection: ServerConnection, *messages: Any) -> None:
        for message in messages:
            await connection.send(json.dumps(message))

    def _reply(self, call: Any) -> Any:
        if call["method"] in {"add", "late_add"}:
            return {"jsonrpc": "2.0", "id": call["id"], "result": sum(call["params"])}
        if call["method"] == "ask_back":
            return {"jsonrpc": "2.0", "id": call["id"], "result": "asked"}
        error = {"code": -32601, "message": "Method not found", "data": call["method"]}
        return {"jsonrpc": "2.0", "id": call["id"], "error": error}


async def test_json_rpc_calls_notifications_and_batches(adapter: str) -> None:
    rpc, endpoint = RpcServer(), Recorder()
    async with (
        PoliteServer(rpc) as server,
        speaking(server.url, endpoint, adapter, JsonCodec(), JsonRpcCorrelator()) as engine,
    ):
        request = engine.request
        late = asyncio.create_task(request({"method": "late_add", "params": [10, 20]}))
        await until(lambda: rpc.calls)
        assert (await request({"method": "add", "params": [1, 2]}))["result"] == 3
        assert (await late)["result"] == 30
        with pytest.raises(RequestFailed, match=r"code -32601, 'Method not found'") as raised:
            await request({"method": "no such"})
        assert raised.value.detail == "no such"

        await engine.send(Notification("log", ["alone"]))
        add = {"method": "add", "params": [3, 4]}
        replies = await request([add, Notification("log", ["in a batch"]), {"method": "none"}, add])
        assert [reply.get("result") for reply in replies] == [7, None, 7]  # as the server has them
        assert replies[1]["error"]["code"] == -32601
        assert rpc.calls[3] == {"jsonrpc": "2.0", "method": "log", "params": ["alone"]}
        assert "id" not in rpc.calls[4][1]
        assert {reply["id"] for reply in replies} == {
            call["id"] for call in rpc.calls[4] if "id" in call
        }

        with pytest.raises(ConfigError, match=r"finds no id in it.* use send\(\)"):
            await request([Notification("log"), Notification("log")])
        await engine.send([Notification("log", [1]), Notification("log", [2])])
        await until(lambda: len(rpc.calls) == 6)
        assert engine.session is not None
        assert engine.session.stats().requests_in_flight == 0
    assert endpoint.messages == []


async def test_json_rpc_the_server_calls_as_well(adapter: str) -> None:
    """With the id of the very request that waits: a message with a method is never a reply."""
    endpoint, hints = Endpoint(), []

    @endpoint.on_message(when=lambda message: message.get("method") == "name")
    def name(session: Session, call: Any) -> Any:
        return {"jsonrpc": "2.0", "id": call["id"], "result": "a client"}

    @endpoint.on_message
    def hint(session: Session, message: Any) -> None:
        hints.append(message)

    rpc = RpcServer()
    async with (
        PoliteServer(rpc) as server,
        speaking(server.url, endpoint, adapter, JsonCodec(), JsonRpcCorrelator()) as engine,
    ):
        reply = await engine.request({"method": "ask_back"}, timeout=PATIENCE)
        assert reply["result"] == "asked"
        await until(lambda: rpc.results)
        assert rpc.results == [{"jsonrpc": "2.0", "id": reply["id"], "result": "a client"}]
    assert hints == [{"jsonrpc": "2.0", "method": "hint"}]


async def central_system(connection: ServerConnection) -> None:
    """Speak OCPP-J: ask for a reset at boot, and know no other action but `Heartbeat`."""
    async for text in connection:
        kind, call_id, *rest = json.loads(text)
        if kind == 3:
            await connection.send(json.dumps([2, "their-2", "Confirm", rest[0]]))
        elif rest[0] == "BootNotification":
            await connection.send(json.dumps([2, call_id, "Reset", {"type": "Soft"}]))
            await connection.send(json.dumps([3, call_id, {"status": "Accepted"}]))
        elif rest[0] == "Heartbeat":
            await connection.send(json.dumps([3, call_id, {"currentTime": rest[1]}]))
        else:
            error = [4, call_id, "NotSupported", "No such action", {"action": rest[0]}]
            await connection.send(json.dumps(error))


async def test_ocpp_both_ways(adapter: str) -> None:
    station, confirmed = Endpoint(), []

    @station.on_message(when=lambda message: message[2] == "Reset")
    def reset(session: Session, call: Any) -> Any:
        return [3, call[1], {"status": "Rejected"}]

    @station.on_message
    def confirm(session: Session, call: Any) -> None:
        confirmed.append(call)

    correlator = PositionalCorrelator()
    async with (
        PoliteServer(central_system) as server,
        speaking(server.url, station, adapter, JsonCodec(), correlator) as engine,
    ):
        boot: list[Any] = [2, None, "BootNotification", {}]
        assert await engine.request(boot) == [3, "1", {"status": "Accepted"}]
        assert boot[1] is None
        await until(lambda: confirmed)
        beats = [engine.request([2, f"mine-{n}", "Heartbeat", n]) for n in range(100)]
        assert await asyncio.gather(*beats) == [
            [3, f"mine-{n}", {"currentTime": n}] for n in range(100)
        ]
        with pytest.raises(RequestFailed, match="code 'NotSupported', 'No such action'") as raised:
            await engine.request([2, None, "MakeCoffee", {}])
        assert raised.value.detail == {"action": "MakeCoffee"}
    assert confirmed == [[2, "their-2", "Confirm", {"status": "Rejected"}]]


async def test_wamp_where_an_error_has_its_id_elsewhere(adapter: str) -> None:
    async def router(connection: ServerConnection) -> None:
        async for text in connection:
            _, call_id, _, procedure, *_ = json.loads(text)
            await connection.send(json.dumps([36, 5512315355, 4429313566, {}, ["an event"]]))
            if procedure == "com.sum":
                await connection.send(json.dumps([50, call_id, {}, [3]]))
            else:
                await connection.send(json.dumps([8, 48, call_id, {}, "wamp.error.no_such"]))

    endpoint, count = Recorder(), iter(range(100, 200))
    positions = {"error_id_at": 2, "code_at": 4, "detail_at": 3, "message_at": 4}
    kinds = {"call": 48, "result": 50, "error": 8}
    correlator = PositionalCorrelator(**kinds, **positions, new_id=lambda: next(count))
    async with (
        PoliteServer(router) as server,
        speaking(server.url, endpoint, adapter, JsonCodec(), correlator) as engine,
    ):
        assert await engine.request([48, None, {}, "com.sum", [1, 2]]) == [50, 100, {}, [3]]
        with pytest.raises(RequestFailed, match=r"wamp\.error\.no_such"):
            await engine.request([48, None, {}, "com.other"])
        await until(lambda: len(endpoint.messages) == 2)
    assert [message[0] for message in endpoint.messages] == [36, 36]
