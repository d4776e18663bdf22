"""A typed client of the demo server: what it says and hears are classes, checked as they come.

wsengine demo-server                            # in another terminal
python examples/demo_client.py [--url URL] [WORD ...]

It subscribes to the heartbeat, and has each word echoed, over and over, once a second. Break the
connection on the server's page, and watch it come back.
"""

import argparse
import asyncio
import contextlib
import itertools
import sys
from collections.abc import Iterable
from typing import Literal

try:
    import msgspec
except ImportError:
    sys.exit('demo_client.py needs msgspec; run: pip install "wsengine[msgspec]"')

from wsengine import (
    Close,
    Endpoint,
    Engine,
    EngineConfig,
    EngineStateError,
    JsonCodec,
    JsonCorrelator,
    RequestFailed,
    Session,
    WSEngineError,
)


class Request(msgspec.Struct, tag_field="type", omit_defaults=True, kw_only=True):
    req_id: str | int | None = msgspec.field(default=None, name="reqId")


class Subscribe(Request, tag="subscribe_request"):
    topic: str


class Unsubscribe(Request, tag="unsubscribe_request"):
    topic: str


class Echo(Request, tag="echo_request"):
    echo: str
    err: bool = False


class Problem(msgspec.Struct):
    message: str
    code: str


class Response(msgspec.Struct, tag_field="type", kw_only=True):
    status: Literal["OK", "ERROR"]
    req_id: str | int | None = msgspec.field(default=None, name="reqId")
    error: Problem | None = None


class Topic(msgspec.Struct):
    topic: str


class Subscribed(Response, tag="subscribe_response"):
    data: Topic | None = None


class Unsubscribed(Response, tag="unsubscribe_response"):
    data: Topic | None = None


class Echoed(msgspec.Struct):
    echo: str


class EchoReply(Response, tag="echo_response"):
    data: Echoed | None = None


class Heartbeat(msgspec.Struct, tag_field="type", tag="heartbeat"):
    timestamp: str
    uptime_seconds: float


class Error(msgspec.Struct, tag_field="type", tag="error"):
    message: str
    code: str
    req_id: str | int | None = msgspec.field(default=None, name="reqId")


Incoming = Subscribed | Unsubscribed | EchoReply | Heartbeat | Error


class DemoClient:
    """The demo server as a Python object; it stays usable when the connection does not.

    Args:
        url: Where the server is.
        endpoint: Gets a `Heartbeat` or an `Error` as a message.
        config: The settings of the engine.
    """

    def __init__(self, url: str, endpoint: Endpoint, config: EngineConfig | None = None) -> None:
        self.engine = Engine(
            url,
            endpoint,
            config=config or EngineConfig(retry_start=True),
            codec=JsonCodec(Incoming),
            correlator=JsonCorrelator("req_id", error_field="error"),
        )

    async def subscribe(self, topic: str = "heartbeat") -> None:
        """Subscribe, and be subscribed again after each reconnect."""
        subscription = self.engine.subscriptions.add(
            topic,
            subscribe=Subscribe(topic=topic),
            unsubscribe=Unsubscribe(topic=topic),
            acknowledged=True,
        )
        await subscription.ready()

    def unsubscribe(self, topic: str = "heartbeat") -> None:
        """End a subscription; if there is no connection, there is none on the next one."""
        self.engine.subscriptions.remove(topic)

    async def echo(self, text: str, *, err: bool = False, timeout: float = 5.0) -> str:
        """Have a text echoed; `err` asks for an error instead, which `RequestFailed` tells of."""
        reply = await self.engine.request(Echo(echo=text, err=err), timeout=timeout)
        return reply.data.echo  # type: ignore[no-any-return]  # a request returns Any


class Show(Endpoint):
    def on_open(self, session: Session, *, restarting: bool) -> None:
        print(f"back after {session.gap.seconds:.1f} s" if session.gap else "open", flush=True)

    def on_message(self, session: Session, message: Heartbeat | Error) -> None:
        if isinstance(message, Heartbeat):
            print(f"heartbeat, up for {message.uptime_seconds:.0f} s", flush=True)
        else:
            print("the server complains:", message.message, flush=True)

    def on_close(self, session: Session, close: Close) -> None:
        print("closed:", close, flush=True)


async def talk(client: DemoClient, words: Iterable[str]) -> None:
    with contextlib.suppress(EngineStateError):  # the engine has stopped
        await client.subscribe()
        for word in itertools.cycle(words):
            await show_echo(client, word)
            await asyncio.sleep(1)


async def show_echo(client: DemoClient, word: str) -> None:
    try:
        print("echo:", await client.echo(word, err=word == "fail"), flush=True)
    except RequestFailed as error:
        print("refused:", error.code, flush=True)
    except (ConnectionError, TimeoutError) as error:
        print("no reply:", error, flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description="Talks with `wsengine demo-server`.")
    parser.add_argument("words", metavar="WORD", nargs="*", default=["hello", "fail"])
    parser.add_argument("--url", default="ws://127.0.0.1:8766")
    arguments = parser.parse_args()
    client = DemoClient(arguments.url, Show())
    talking = asyncio.create_task(talk(client, arguments.words))
    talking.add_done_callback(lambda task: client.engine.exit())
    try:
        await client.engine.run()  # until Ctrl-C
    finally:
        talking.cancel()
        await asyncio.wait([talking])
    if not talking.cancelled():
        talking.result()  # raises what it raised


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except WSEngineError as error:
        sys.exit(f"demo_client: {error}")
