"""Prices of what you subscribe to; the subscriptions outlive the connection.

python examples/ticker_server.py     # in another terminal: stop it, and start it again
python examples/ticker.py [--url URL] [NAME ...]
"""

import argparse
import sys
from typing import TypedDict

from wsengine import Close, Endpoint, Engine, JsonCodec, JsonCorrelator, Session, WSEngineError, run


class Tick(TypedDict):
    name: str
    price: float


class Ticker(Endpoint):
    def on_open(self, session: Session, *, restarting: bool) -> None:
        print(f"back after {session.gap.seconds:.1f} s" if session.gap else "open", flush=True)

    def on_message(self, session: Session, tick: Tick) -> None:
        print(f"{tick['name']} {tick['price']:.2f}", flush=True)

    def on_close(self, session: Session, close: Close) -> None:
        print("closed:", close, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Shows prices as they change.")
    parser.add_argument("names", metavar="NAME", nargs="*", default=["btc", "eth"])
    parser.add_argument("--url", default="ws://127.0.0.1:8765")
    arguments = parser.parse_args()
    correlator = JsonCorrelator(error_field="error")
    engine = Engine(arguments.url, Ticker(), codec=JsonCodec(), correlator=correlator)
    for name in arguments.names:
        engine.subscriptions.add(
            name,
            subscribe={"op": "subscribe", "to": name},
            unsubscribe={"op": "unsubscribe", "to": name},
            acknowledged=True,  # so one that is refused is in the log
        )
    run(engine)


if __name__ == "__main__":
    try:
        main()
    except WSEngineError as error:
        sys.exit(f"ticker: {error}")
