"""Programs that are stopped while the look-up of a name hangs, as where no name server answers."""

from __future__ import annotations

import socket
import sys
import threading
import time
from typing import Any

import wsengine
from wsengine import (
    ConnectOptions,
    Endpoint,
    Engine,
    EngineConfig,
    EngineStartError,
    SyncEndpoint,
    SyncEngine,
)

HANGS = 60.0
CONFIG = EngineConfig(open_timeout=2 * HANGS, stop_timeout=5.0, ping_interval=None)
OPTIONS = ConnectOptions(proxy=None)

look_up = socket.getaddrinfo
looking = threading.Event()


def say(what: object) -> None:
    """Print a line as one piece: two threads do, and `print` writes the line's end apart."""
    print(f"{what}\n", end="", flush=True)


def hang(host: Any, *args: Any, **options: Any) -> Any:
    """Do not find one name, and that slowly."""
    asked = not options.get("flags", 0) & socket.AI_NUMERICHOST  # with it, no server is
    if asked and host in ("slow.test", b"slow.test"):
        say("looking up")
        looking.set()
        time.sleep(HANGS)
        raise socket.gaierror(-2, "no answer")
    return look_up(host, *args, **options)


def sync(url: str) -> None:
    """Stop an engine, and start it again."""
    urls = iter(["ws://slow.test/", url])
    engine = SyncEngine(lambda: next(urls), SyncEndpoint(), options=OPTIONS, config=CONFIG)

    def stop() -> None:
        looking.wait()
        engine.stop()
        say(engine.state.value)

    stopping = threading.Thread(target=stop)
    stopping.start()
    try:
        engine.start()
    except EngineStartError as error:
        say(error)
    stopping.join()
    with engine:
        say(engine.state.value)


def run(_url: str) -> None:
    """Run an engine, until Ctrl-C."""
    wsengine.run(Engine("ws://slow.test/", Endpoint(), options=OPTIONS, config=CONFIG))
    say("stopped")


if __name__ == "__main__":
    sys.modules["uvloop"] = None  # type: ignore[assignment] # it has threads of its own for this
    socket.getaddrinfo = hang
    globals()[sys.argv[1]](sys.argv[2])
