"""Passes on what each one says to all the others: the server of chat.py.

python examples/chat_server.py [PORT]
"""

import asyncio
import contextlib
import sys

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

HERE: set[ServerConnection] = set()


async def talk(connection: ServerConnection) -> None:
    """Listen to one of them; the first message is a name."""
    name = "somebody"
    with contextlib.suppress(ConnectionClosed):
        name = await connection.recv(decode=True)
        HERE.add(connection)
        tell(f"* {name} is here", but=connection)
        while True:
            tell(f"{name}: {await connection.recv(decode=True)}", but=connection)
    HERE.discard(connection)
    tell(f"* {name} is gone", but=connection)


def tell(line: str, but: ServerConnection) -> None:
    """Send a line to all but one."""
    print(line, flush=True)
    broadcast(HERE - {but}, line)


async def main(port: int) -> None:
    """Serve until Ctrl-C."""
    async with serve(talk, "127.0.0.1", port) as server:
        print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8765))
