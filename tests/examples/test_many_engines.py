"""examples/many_engines.py: all come back, and all end with the first one that ends for good."""

from __future__ import annotations

import http
from contextlib import AsyncExitStack

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from wsengine.servers.echo import EchoServer

from .programs import ctrl_c, example, posix


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@posix
async def test_all_come_back_and_end_with_ctrl_c() -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(EchoServer())
        arguments = "--engines", "20", server.url
        program = await stack.enter_async_context(example("many_engines.py", *arguments))
        await program.line(r"^all are open, after \d+\.\d s$")
        assert server.clients == 20
        await server.drop_clients()
        await program.line("^all are closed, the last one by 1006 ABNORMAL_CLOSURE")
        await program.line(r"^all are back, after \d+\.\d s$")
        assert server.clients == 20
        ended = await ctrl_c(program)
    assert "the last one by 1001 GOING_AWAY" in ended.out.splitlines()[-1]


def refuse(connection: ServerConnection, request: Request) -> Response:
    return connection.respond(http.HTTPStatus.FORBIDDEN, "not you\n")


async def test_one_that_is_refused_ends_them_all() -> None:
    async with EchoServer() as good, serve(echo, "127.0.0.1", 0, process_request=refuse) as bad:
        refusing = f"ws://127.0.0.1:{bad.sockets[0].getsockname()[1]}"
        async with example("many_engines.py", "--engines", "3", good.url, refusing) as program:
            ended = await program.end()
    assert ended.code == 1
    assert ended.error_line.startswith(f"many_engines: could not start: {refusing}: ")
    assert "HTTP status 403" in ended.error_line
