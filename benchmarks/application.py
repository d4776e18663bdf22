"""The contestant from the library `websocket-client`: its WebSocketApp, which has callbacks too."""

from __future__ import annotations

import functools
import importlib
import time
from typing import Any

from .amount import Amount, Clock, Measure, Sample, percentiles

MODULE = "websocket"
"""Without it these contestants are left out."""


class Application:
    """Runs one WebSocketApp. It blocks; nothing else runs in this process."""

    def __init__(self, url: str, amount: Amount) -> None:
        self.amount = amount
        self.sample: Sample = {}
        self._parts = iter(amount.parts())
        self._app = importlib.import_module(MODULE).WebSocketApp(
            url, on_open=self._begin, on_message=self.on_message, on_error=self._failed
        )
        self._error: Exception | None = None

    def run(self) -> Sample:
        """Run until all is done; return the sample."""
        self._app.run_forever()
        if self._error is not None:
            raise self._error
        return self.sample

    def _begin(self, app: Any) -> None:
        """Start the warm-up, then the work itself; then close."""
        self.count = next(self._parts, 0)
        if self.count:
            self.clock = Clock()
            self.start(app)
        else:
            app.close()

    def _failed(self, app: Any, error: Exception) -> None:
        self._error = error

    def done(self, app: Any) -> None:
        """Note that this part is done."""
        self.sample = {**self.clock.stop(self.count), **self.sample}
        self._begin(app)

    def start(self, app: Any) -> None:
        """Start one part."""
        raise NotImplementedError

    def on_message(self, app: Any, message: str | bytes) -> None:
        """Handle one message."""
        raise NotImplementedError


class Burst(Application):
    def start(self, app: Any) -> None:
        self.sample, self.left = {}, self.count
        app.send(self.amount.order(self.count))

    def on_message(self, app: Any, message: str | bytes) -> None:
        self.left -= 1
        if not self.left:
            self.done(app)


class RoundTrips(Application):
    def start(self, app: Any) -> None:
        self.times: list[float] = []
        self._send(app)

    def on_message(self, app: Any, message: str | bytes) -> None:
        self.times.append(time.perf_counter() - self.sent)
        if len(self.times) < self.count:
            self._send(app)
        else:
            self.sample = percentiles(self.times)
            self.done(app)

    def _send(self, app: Any) -> None:
        self.sent = time.perf_counter()
        app.send_bytes(bytes(self.amount.size))


def measure(kind: type[Application]) -> Measure:
    """Return the measurement of one kind of work."""
    return functools.partial(_measure, kind)


async def _measure(kind: type[Application], url: str, amount: Amount) -> Sample:
    return kind(url, amount).run()
