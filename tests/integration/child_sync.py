"""Scripts without asyncio, as a user writes them; the test ends them with signals."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

from wsengine import ConnectOptions, Endpoint, EngineConfig, EngineStartError, SyncEngine


def say(*words: object) -> None:
    """Print a line, at once and in one piece: threads print as well."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class Tells(Endpoint):
    """Says what happens."""

    def on_open(self, session: Any, *, restarting: bool) -> None:
        say("open", threading.current_thread() is threading.main_thread())

    def on_message(self, session: Any, message: Any) -> None:
        say("message")
        if message == "stuck":
            threading.Event().wait()
        time.sleep(0.2)
        say("message handled")

    def on_close(self, session: Any, close: Any) -> None:
        say("close", int(close.code), close.client_initiated)


def run(engine: SyncEngine) -> None:
    """Run it."""
    engine.run()


def block(engine: SyncEngine) -> None:
    """Do something else in a `with` block."""
    try:
        with engine:
            while True:
                time.sleep(60)
    except KeyboardInterrupt:
        say("interrupted")


def request(engine: SyncEngine) -> None:
    """Wait in a blocking call; afterwards the loop has nothing more to do for it."""
    with engine:
        assert engine.session is not None
        with engine.session.paused() as connection:
            try:
                connection.receive()
            except KeyboardInterrupt:
                say("interrupted")
            try:
                connection.receive(timeout=0.05)
            except TimeoutError:
                say("received nothing")


def start(engine: SyncEngine) -> None:
    """Wait in `start`."""
    say("starting")
    try:
        engine.start()
    except (KeyboardInterrupt, EngineStartError) as error:
        say(type(error).__name__, engine.state.value, threading.active_count())


def forget(engine: SyncEngine) -> None:
    """Start it, and never stop it."""
    engine.start()
    say("the end")


def main(what: str, url: str) -> None:
    """Do one of the above."""
    config = EngineConfig(stop_timeout=1.5, ping_interval=None)
    options = ConnectOptions(proxy=None)
    globals()[what](SyncEngine(url, Tells(), options=options, config=config))
    say("stopped")


if __name__ == "__main__":
    main(*sys.argv[1:])
