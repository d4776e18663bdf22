"""The server: it echoes.

python examples/client_server/server.py [--host HOST] [PORT]
"""

import argparse
import asyncio
import contextlib

from wsengine.servers.echo import EchoServer


async def main(host: str, port: int) -> None:
    """Serve until Ctrl-C."""
    async with EchoServer(host, port) as server:
        print("listening on", server.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Sends every message back.")
    parser.add_argument("port", metavar="PORT", type=int, nargs="?", default=8765)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(arguments.host, arguments.port))
