"""A server in a process of its own, so that a test can stop the whole process."""

from __future__ import annotations

import asyncio

from .servers import PoliteServer, echo


async def main() -> None:
    """Serve an echo, and tell where on the first line of the output."""
    async with PoliteServer(echo) as server:
        print(server.url, flush=True)
        await asyncio.sleep(60)  # nobody needs it longer, if the test cannot end it


if __name__ == "__main__":
    asyncio.run(main())
