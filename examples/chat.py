"""A chat in the terminal; what you type while the server is away is sent when it is back.

python examples/chat_server.py       # in another terminal
python examples/chat.py NAME [URL]   # in as many others as you like; Ctrl-D leaves
"""

import contextlib
import sys

from wsengine import Close, SyncEndpoint, SyncEngine, SyncSession, WSEngineError


class Chat(SyncEndpoint):
    """For a `SyncEngine`, as reading from a terminal blocks."""

    def __init__(self, name: str) -> None:
        self.name = name

    def on_open(self, session: SyncSession, *, restarting: bool) -> None:
        session.send(self.name)
        print("* connected again" if restarting else "* connected", flush=True)

    def on_message(self, session: SyncSession, line: str) -> None:
        print(line, flush=True)

    def on_close(self, session: SyncSession, close: Close) -> None:
        if not close.client_initiated:
            print("* the connection is lost:", close, flush=True)


def main(name: str, url: str = "ws://127.0.0.1:8765") -> None:
    with SyncEngine(url, Chat(name)) as engine:
        for line in sys.stdin:
            engine.send(line.rstrip("\n"), when_closed="wait")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python examples/chat.py NAME [URL]")
    try:
        with contextlib.suppress(KeyboardInterrupt):
            main(*sys.argv[1:])
    except WSEngineError as error:
        sys.exit(f"chat: {error}")
