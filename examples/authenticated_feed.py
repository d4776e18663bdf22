"""A feed that wants a token which soon expires: each dial brings a fresh one.

python examples/authenticated_feed.py [TOKENS]

The account is good for that many tokens, three if you leave it out. The one after that is
refused, and the engine gives up.
"""

import asyncio
import contextlib
import http
import itertools
import secrets
import sys

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from wsengine import (
    Close,
    CloseCode,
    ConnectOptions,
    Endpoint,
    Engine,
    EngineConfig,
    EngineFailedError,
    ReconnectPolicy,
    Retry,
    Session,
)

LIFETIME = 0.7
"""Seconds that a token is good for."""


class Account:
    """Stands for the two services of somebody else: one issues tokens, the other takes them."""

    def __init__(self, tokens: int) -> None:
        self.left = tokens
        self.expiry: dict[str, float] = {}

    async def issue(self) -> str:
        token = secrets.token_urlsafe()
        if self.left:
            self.left -= 1
            self.expiry[f"Bearer {token}"] = asyncio.get_running_loop().time() + LIFETIME
        return token

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Authorization", "") in self.expiry:
            return None
        return connection.respond(http.HTTPStatus.UNAUTHORIZED, "this token is not good\n")

    async def feed(self, connection: ServerConnection) -> None:
        authorization = connection.request.headers["Authorization"] if connection.request else ""
        try:
            async with asyncio.timeout_at(self.expiry[authorization]):
                with contextlib.suppress(ConnectionClosed):
                    for number in itertools.count(1):
                        await connection.send(f"message {number}")
                        await asyncio.sleep(LIFETIME / 4)
        except TimeoutError:
            await connection.close(CloseCode.UNAUTHORIZED, "the token has expired")


class Feed(Endpoint):
    def on_message(self, session: Session, message: str) -> None:
        print(message, flush=True)

    def on_close(self, session: Session, close: Close) -> None:
        print("closed:", close, flush=True)


def classify(end: Exception | Close) -> Retry | None:
    """Dial again after 3000, which is final otherwise: the next token will do.

    A fresh token that is refused, with status 401, stays final: another one would not help.
    """
    expired = isinstance(end, Close) and end.code == CloseCode.UNAUTHORIZED
    return Retry() if expired else None


async def main(tokens: int) -> None:
    account = Account(tokens)

    async def options() -> ConnectOptions:  # called before every dial
        token = await account.issue()
        print("a fresh token", flush=True)
        return ConnectOptions(headers={"Authorization": f"Bearer {token}"})

    policy = ReconnectPolicy(initial_delay=0.1, min_uptime=LIFETIME / 2, classify=classify)
    async with serve(account.feed, "127.0.0.1", 0, process_request=account.check) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        engine = Engine(url, Feed(), options=options, config=EngineConfig(reconnect=policy))
        await engine.run()


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
    except EngineFailedError as error:
        sys.exit(f"gave up: {error}")
