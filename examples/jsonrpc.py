"""JSON-RPC both ways: the client asks the bank to pay, and the bank asks the client first.

python examples/jsonrpc.py
"""

import asyncio
import contextlib
import itertools
import json
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from wsengine import Endpoint, Engine, JsonCodec, RequestFailed, Session
from wsengine.correlators import JsonRpcCorrelator

Message = dict[str, Any]
Method = Callable[..., Awaitable[Any]]


rpc = JsonRpcCorrelator(unwrap=True)
client = Endpoint()


async def answer(call: Message, methods: dict[str, Method]) -> Message | None:
    """Carry out a call, and return the reply to it."""
    method = methods.get(call["method"])
    if method is None:
        return rpc.refuse(call, -32601, f"no method {call['method']}")
    try:
        return rpc.reply(call, await method(**call["params"]))
    except PermissionError as error:
        return rpc.refuse(call, 1, str(error))


async def confirm(to: str, amount: int) -> bool:
    print(f"the bank asks: {amount} to {to}?", flush=True)
    return amount <= 100


@client.on_message(when=lambda message: "method" in message)
async def called(session: Session, call: Message) -> Message | None:
    return await answer(call, {"confirm": confirm})


class Bank:
    """The other end of one connection. `websockets` knows no requests: they are made here."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.ids = itertools.count(1)
        self.waiting: dict[int, asyncio.Future[Any]] = {}

    async def serve(self) -> None:
        async with asyncio.TaskGroup() as calls:
            with contextlib.suppress(ConnectionClosed):
                async for text in self.connection:
                    message = json.loads(text)
                    if "method" in message:
                        calls.create_task(self.reply(message))
                    else:
                        self.waiting.pop(message["id"]).set_result(message["result"])
            for waiting in self.waiting.values():
                waiting.cancel()  # nobody is there any more to answer

    async def reply(self, call: Message) -> None:
        reply = await answer(call, {"pay": self.pay})
        with contextlib.suppress(ConnectionClosed):
            await self.connection.send(json.dumps(reply))

    async def pay(self, to: str, amount: int) -> str:
        if not await self.ask("confirm", to=to, amount=amount):
            raise PermissionError(f"{amount} to {to} is not confirmed")
        return f"paid {amount} to {to}"

    async def ask(self, method: str, **params: Any) -> Any:
        number = next(self.ids)
        call = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        result = self.waiting[number] = asyncio.get_running_loop().create_future()
        await self.connection.send(json.dumps(call))
        return await result


async def main() -> None:
    async with serve(lambda connection: Bank(connection).serve(), "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with Engine(url, client, codec=JsonCodec(), correlator=rpc) as engine:
            pay = [{"to": "Ann", "amount": 20}, {"to": "Bob", "amount": 500}]
            calls: list[Message] = [{"method": "pay", "params": params} for params in pay]
            for call in [*calls, {"method": "borrow", "params": {}}]:
                try:
                    print("the bank says:", await engine.request(call), flush=True)
                except RequestFailed as error:
                    print("the bank refuses:", error.message, flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
