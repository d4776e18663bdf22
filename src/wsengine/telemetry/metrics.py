"""The metrics: observed from the engines' tallies when they are exported, and a few histograms."""

from __future__ import annotations

import threading
import weakref
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from opentelemetry import metrics
from opentelemetry.metrics import (
    CallbackOptions,
    Histogram,
    Meter,
    MeterProvider,
    NoOpMeter,
    Observation,
)

from . import names
from .names import METRICS, Metric
from .tally import Reading, Tally

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""The bounds of the buckets of all that is usually over in a moment."""

LONG: Final = (0.1, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600, 7 * 24 * 3600)
"""The bounds of the buckets of sessions."""

Sample = tuple[dict[str, str], int]


def _messages(tally: Tally) -> Iterator[Sample]:
    for direction, traffic in (("receive", tally.incoming), ("transmit", tally.outgoing)):
        yield {names.DIRECTION: direction, names.MESSAGE_TYPE: "text"}, traffic.texts
        yield {names.DIRECTION: direction, names.MESSAGE_TYPE: "binary"}, traffic.binaries


def _io(tally: Tally) -> Iterator[Sample]:
    for direction, traffic in (("receive", tally.incoming), ("transmit", tally.outgoing)):
        yield {names.DIRECTION: direction, names.MESSAGE_TYPE: "text"}, traffic.text_bytes
        yield {names.DIRECTION: direction, names.MESSAGE_TYPE: "binary"}, traffic.binary_bytes


def _engines(tally: Tally) -> Iterator[Sample]:
    if tally.state is not None:
        yield {names.STATE: tally.state.value}, 1


def _dials(tally: Tally) -> Iterator[Sample]:
    for (outcome, error), count in tuple(tally.dials.items()):
        failed = {names.ERROR_TYPE: error} if error else {}
        yield {names.OUTCOME: outcome, **failed}, count


def _counted(attribute: str, counts: Callable[[Tally], Counter[str]], tally: Tally) -> list[Sample]:
    return [({attribute: key}, count) for key, count in tuple(counts(tally).items())]


def _of_readers(measure: Callable[[Reading], int], tally: Tally) -> list[Sample]:
    live = tally.live
    return [({}, 0 if live is None else measure(live.crew))]


def _requests(tally: Tally) -> list[Sample]:
    live = tally.live
    return [({}, 0 if live is None else live.requests_in_flight)]


SAMPLES: Final[dict[Metric, Callable[[Tally], Iterable[Sample]]]] = {
    names.MESSAGES: _messages,
    names.IO: _io,
    names.SESSIONS: lambda tally: [({}, int(tally.live is not None))],
    names.ENGINES: _engines,
    names.RECONNECTS: partial(_counted, names.CAUSE, lambda tally: tally.reconnects),
    names.DIALS: _dials,
    names.BACKLOG: partial(_of_readers, lambda readers: len(readers.backlog)),
    names.BACKLOG_SIZE: partial(_of_readers, lambda readers: readers.backlog.size),
    names.DROPPED: lambda tally: [({}, tally.dropped)],
    names.OUTBOX_DROPPED: lambda tally: [({}, tally.outbox_dropped)],
    names.SUBSCRIPTION_FAILURES: lambda tally: [({}, tally.subscription_failures)],
    names.REQUESTS: _requests,
    names.REPLIES_UNMATCHED: lambda tally: [({}, tally.unmatched)],
    names.CALLBACK_ERRORS: partial(_counted, names.CALLBACK, lambda tally: tally.callback_errors),
    names.BUSY_WORKERS: partial(_of_readers, lambda readers: readers.busy_workers),
}
"""What each observed metric says of a tally."""


class Instruments:
    """The instruments of one meter provider: made once, however many engines there are.

    Args:
        meter: Where to make them.
    """

    def __init__(self, meter: Meter) -> None:
        self._lock = threading.RLock()
        self._tallies: dict[weakref.ref[object], Tally] = {}
        self._retiring: deque[weakref.ref[object]] = deque()
        self._gone: dict[str, Tally] = {}
        for metric in METRICS:
            if metric.kind != "histogram":
                self._observe(meter, metric)
        self.dial_duration = _histogram(meter, names.DIAL_DURATION, SECONDS)
        self.session_duration = _histogram(meter, names.SESSION_DURATION, LONG)
        self.ping_duration = _histogram(meter, names.PING_DURATION, SECONDS)
        self.handler_duration = _histogram(meter, names.HANDLER_DURATION, SECONDS)
        self.loop_blocked = _histogram(meter, names.LOOP_BLOCKED, SECONDS)

    def register(self, tally: Tally, owner: object) -> None:
        """Export a tally as long as its owner lives; its totals stay."""
        with self._lock:
            # The garbage collector may come in the middle of a collection: it only leaves word.
            self._tallies[weakref.ref(owner, self._retiring.append)] = tally

    def _retire(self) -> None:
        """Fold the tallies of engines that are gone into one for each name."""
        while self._retiring:
            tally = self._tallies.pop(self._retiring.popleft())
            gone = self._gone.setdefault(tally.engine, Tally(tally.engine))
            gone.state = None
            gone.absorb(tally)

    def _observe(self, meter: Meter, metric: Metric) -> None:
        create = {
            "counter": meter.create_observable_counter,
            "updowncounter": meter.create_observable_up_down_counter,
            "gauge": meter.create_observable_gauge,
        }[metric.kind]
        callback = partial(self._collect, SAMPLES[metric])
        create(metric.name, [callback], unit=metric.unit, description=metric.meaning)

    def _collect(
        self, sample: Callable[[Tally], Iterable[Sample]], _options: CallbackOptions
    ) -> list[Observation]:
        """Add up what engines of one name say: they do not collide."""
        totals: Counter[tuple[tuple[str, str], ...]] = Counter()
        with self._lock:
            self._retire()
            for tally in (*self._tallies.values(), *self._gone.values()):
                for attributes, value in sample(tally):
                    totals[(names.ENGINE, tally.engine), *attributes.items()] += value
        return [Observation(value, dict(key)) for key, value in totals.items()]


def _histogram(meter: Meter, metric: Metric, bounds: tuple[float, ...]) -> Histogram:
    return meter.create_histogram(
        metric.name,
        unit=metric.unit,
        description=metric.meaning,
        explicit_bucket_boundaries_advisory=bounds,
    )


_of_provider: weakref.WeakKeyDictionary[MeterProvider, Instruments] = weakref.WeakKeyDictionary()
_of_default: list[Instruments] = []
_making = threading.Lock()


def instruments_of(provider: MeterProvider | None, version: str) -> Instruments:
    """Return the instruments of a provider; `None` is the global one, whenever it is set."""
    with _making:
        default = metrics.get_meter_provider()
        if provider is None or provider is default:
            if not is_recorded(default):  # the API's instruments, which follow when it is set
                if not _of_default:
                    _of_default.append(Instruments(default.get_meter(names.SCOPE, version)))
                return _of_default[0]
            provider = default
            if _of_default:
                _of_provider.setdefault(provider, _of_default[0])
        if provider not in _of_provider:
            _of_provider[provider] = Instruments(provider.get_meter(names.SCOPE, version))
        return _of_provider[provider]


def is_recorded(provider: MeterProvider | None) -> bool:
    """Whether anybody may look at metrics: the API's own providers do nothing."""
    provider = provider or metrics.get_meter_provider()
    if type(provider).__module__.startswith("opentelemetry.metrics"):
        return False
    return not isinstance(provider.get_meter(names.SCOPE), NoOpMeter)  # an SDK switched off
