"""Who is measured. A new contestant is one more entry here, and the function that it names."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Final

from . import application, bare, bars, conversations, crowds, engines, memory, telemetry
from .contestant import Beside, Contestant, When
from .libraries import DIALS

BURST: Final = {"websockets": 120_000, "aiohttp": 500_000, "picows": 1_000_000}
"""Messages of 32 bytes that the engine handles in half a second or more, on each library."""

_SHARES: Final = {
    32: {"websockets": 1.0, "aiohttp": 1.0, "picows": 1.0},
    1024: {"websockets": 0.5, "aiohttp": 0.4, "picows": 0.4},
    65536: {"websockets": 0.03, "aiohttp": 0.02, "picows": 0.015},
}
SIZES: Final = {
    (size, kind): share
    for size, share in _SHARES.items()
    for kind in ("binary", "text")
    if (size, kind) != (32, "binary")  # that is the burst itself
}
"""Other messages, and how many of them in shares of a burst."""

IDLE: Final[dict[int, When]] = {1_000: "always", 10_000: "full"}
"""How many sessions are idle, and when that is measured."""

STORM: Final[dict[str, When]] = {"websockets": "full", "aiohttp": "named", "picows": "named"}
"""Storms take half a minute each, and the adapter hardly matters to them."""

MEMORY: Final[dict[str, When]] = {"websockets": "named", "aiohttp": "named", "picows": "full"}
"""The fastest has done its ten million messages in the shortest time."""


def _workers(count: int) -> str:
    return "1 worker" if count == 1 else f"{count} workers"


def _bursts() -> Iterator[Contestant]:
    for library, count in BURST.items():
        loop, own = bare.loop(library), (Beside(f"{library}-bare"),)
        title = f"{library}: bare loop"
        yield Contestant(f"{library}-bare", "burst", title, loop, count)
        # The same once more: how far its ratio is from 1 tells how far to trust the others.
        title = f"{library}: the same again (control)"
        yield Contestant(f"{library}-again", "burst", title, loop, count, own)
        for kind, handler in (("async", engines.Async), ("def", engines.Plain)):
            for workers in (1, 4):
                name = f"{library}-{kind}-{workers}"
                handlers = "async def" if kind == "async" else "def"
                title = f"wsengine on {library}: {_workers(workers)}, {handlers}"
                work = engines.burst(handler, library, workers)
                yield Contestant(name, "burst", title, work, count, bars.BURST.get(name, own))
    own = (Beside("picows-bare"),)
    title, work = "picows: loop that awaits a handler", bare.loop_with_handler("picows")
    yield Contestant("picows-handler", "burst", title, work, BURST["picows"], own)
    title = "picows: raw listener that counts"
    yield Contestant("picows-listener", "burst", title, bare.listener, 2_400_000, own)
    yield Contestant(
        "websocket-client",
        "burst",
        "websocket-client: WebSocketApp",
        application.measure(application.Burst),
        60_000,
        (Beside("websockets-bare"),),
        needs=application.MODULE,
    )


def _sizes() -> Iterator[Contestant]:
    for (size, kind), share in SIZES.items():
        for library, count in BURST.items():
            name, words = f"{library}-{kind}-{size}", f"{size:,} B {kind}"
            other = functools.partial(
                Contestant,
                workload="size",
                count=round(count * share[library]),
                size=size,
                text=kind == "text",
                when="full",
            )
            title = f"{words}, {library}: bare loop"
            yield other(f"{name}-bare", title=title, measure=bare.loop(library))
            title = f"{words}, wsengine on {library}: 4 workers, async def"
            work, beside = engines.burst(engines.Async, library, 4), (Beside(f"{name}-bare"),)
            yield other(name, title=title, measure=work, beside=beside)


def _round_trips() -> Iterator[Contestant]:
    workload, count = "round-trip", 6_000  # a thousand in each turn
    for library in DIALS:
        name, by_hand = f"trip-{library}", bare.round_trips(library)
        trips = functools.partial(Contestant, workload=workload, count=count, together=library)
        title = f"{library}: send, receive"
        yield trips(f"{name}-bare", title=title, measure=by_hand)
        own, beside = Beside(f"{name}-bare"), Beside(f"{name}-bare", bars.ROUND_TRIP)
        title = f"{library}: the same again (control)"
        yield trips(f"{name}-again", title=title, measure=by_hand, beside=(own,))
        for workers in (1, 4) if library == "picows" else (1,):
            title = f"wsengine on {library}: {_workers(workers)}"
            work, some = engines.round_trips(library, workers), (beside if workers == 1 else own,)
            yield trips(f"{name}-{workers}", title=title, measure=work, beside=some)
    yield Contestant(
        "trip-websocket-client",
        workload,
        "websocket-client: WebSocketApp",
        application.measure(application.RoundTrips),
        count,
        (Beside("trip-websockets-bare"),),
        needs=application.MODULE,
    )


def _requests() -> Iterator[Contestant]:
    workload, count = "request", 6_000
    for library in DIALS:
        name, by_hand = f"ask-{library}", conversations.ask_by_hand(library)
        title = f"{library}: the adapter's connection by hand"
        yield Contestant(f"{name}-bare", workload, title, by_hand, count, together=library)
        beside = (Beside(f"{name}-bare", bars.REQUEST),)
        title, work = f"wsengine on {library}: session.request", conversations.ask(library)
        yield Contestant(name, workload, title, work, count, beside, together=library)


def _typed() -> Iterator[Contestant]:
    for library, count in BURST.items():
        name, by_hand = f"typed-{library}", conversations.typed_by_hand(library)
        words = f"wsengine on {library}, def"
        title = f"{library}: receive, decode"
        typed = functools.partial(Contestant, workload="typed", count=count, together=library)
        yield typed(f"{name}-bare", title=title, measure=by_hand)
        title, work = f"{words}: the handler decodes", conversations.decoding_handler(library)
        bare_one = Beside(f"{name}-bare")
        yield typed(f"{name}-hand", title=title, measure=work, beside=(bare_one,))
        title, work = f"{words}: JsonCodec(Trade)", conversations.typed(library)
        by_engine = Beside(f"{name}-hand", bars.TYPED)
        yield typed(name, title=title, measure=work, beside=(by_engine, bare_one))


def _suspending() -> Iterator[Contestant]:
    whole = 1, 4, 64
    for library, count, all_workers in (
        ("websockets", 50_000, whole),
        ("aiohttp", 80_000, (4,)),
        ("picows", 110_000, (1, 4)),
    ):
        name, tasks = f"suspend-{library}", bare.task_per_message(library, 0)
        title = f"{library}: a task per message"
        yield Contestant(f"{name}-tasks", "suspend", title, tasks, count)
        own = Beside(f"{name}-tasks")
        if all_workers == whole:
            title, some = f"{title}, 4 at a time", bare.some_tasks(library, 0, 4)
            yield Contestant(f"{name}-tasks-4", "suspend", title, some, count, (own,))
        for workers in all_workers:
            title = f"wsengine on {library}: {_workers(workers)}"
            work = engines.burst(engines.Suspending, library, workers)
            beside = Beside(own.against, bars.SUSPENDING) if workers == 4 else own
            yield Contestant(f"{name}-{workers}", "suspend", title, work, count, (beside,))


def _sleeping() -> Iterator[Contestant]:
    tasks = bare.task_per_message("websockets", engines.Sleeping.pause)
    yield Contestant("sleep-tasks", "sleep", "websockets: a task per message", tasks, 30_000)
    for workers, count in ((1, 400), (4, 1_600), (64, 16_000)):
        title = f"wsengine on websockets: {_workers(workers)}"
        work = engines.burst(engines.Sleeping, "websockets", workers)
        beside = (Beside("sleep-tasks"),)
        yield Contestant(f"sleep-{workers}", "sleep", title, work, count, beside)


def _telemetry() -> Iterator[Contestant]:
    for library in ("websockets", "picows"):
        name, count = f"metrics-{library}", BURST[library]
        off, on = telemetry.nothing(library), telemetry.metrics(library)
        metrics = functools.partial(Contestant, workload="metrics", count=count, together=library)
        title = f"wsengine on {library}: no telemetry"
        yield metrics(f"{name}-off", title=title, measure=off)
        own, beside = Beside(f"{name}-off"), Beside(f"{name}-off", bars.METRICS)
        title = f"wsengine on {library}: the same again (control)"
        yield metrics(f"{name}-again", title=title, measure=off, beside=(own,))
        title = f"wsengine on {library}: metrics"
        yield metrics(f"{name}-on", title=title, measure=on, beside=(beside,))
    title, work = "wsengine: a span by hand in the handler", telemetry.by_hand("websockets")
    yield Contestant("by-hand", "spans", title, work, 15_000)
    title, work = "wsengine: no telemetry", telemetry.nothing("websockets")
    yield Contestant("spans-none", "spans", title, work, BURST["websockets"])
    title, work = "wsengine: spans of its own", telemetry.spans("websockets")
    beside_both = Beside("by-hand", bars.SPANS), Beside("spans-none")
    yield Contestant("spans-own", "spans", title, work, 15_000, beside_both)


def _sending() -> Iterator[Contestant]:
    for library, count in (("websockets", 40_000), ("aiohttp", 60_000), ("picows", 80_000)):
        for senders in (1, 100):
            words = "1 sender" if senders == 1 else f"{senders} senders"
            name, title = f"send-{library}-{senders}-bare", f"{words}, {library}: send"
            yield Contestant(name, "send", title, bare.send(library, senders), count)
            title, work = f"{words}, wsengine on {library}", engines.send(library, senders)
            beside = (Beside(name),)
            yield Contestant(f"send-{library}-{senders}", "send", title, work, count, beside)


def _idle() -> Iterator[Contestant]:
    for library in DIALS:
        alone, by_hand = crowds.idle_bare(library), crowds.idle_by_hand(library)
        work = crowds.idle(library)
        for count, when in IDLE.items():
            name = f"idle-{library}-{count}"
            title = f"{library}: the connection alone"
            yield Contestant(f"{name}-bare", "idle", title, alone, count, when=when)
            title = f"{library}: pings, and a task reads"
            by_hand_too = library == "websockets" and count == min(IDLE)
            if by_hand_too:
                yield Contestant(f"{name}-hand", "idle", title, by_hand, count, when="full")
            beside = [Beside(f"{name}-bare", bars.IDLE)]
            beside += [Beside(f"{name}-hand")] * by_hand_too
            title = f"wsengine on {library}"
            yield Contestant(name, "idle", title, work, count, tuple(beside), when=when)


def _storms() -> Iterator[Contestant]:
    for library in DIALS:
        name, title = f"storm-{library}", f"wsengine on {library}"
        work, when = crowds.storm(library), STORM[library]
        yield Contestant(name, "storm", title, work, 2_000, bars=bars.STORM, when=when)


def _memory() -> Iterator[Contestant]:
    for library, when in MEMORY.items():
        name, title = f"memory-{library}", f"wsengine on {library}: 4 workers, async def"
        work = memory.bursts(library, 4)
        yield Contestant(name, "memory", title, work, 10_000_000, bars=bars.MEMORY, when=when)


CONTESTANTS: Final = {
    contestant.name: contestant
    for some in (
        *(_bursts, _sizes, _round_trips, _requests, _typed, _suspending, _sleeping, _telemetry),
        *(_sending, _idle, _storms, _memory),
    )
    for contestant in some()
}
"""All contestants by name; each stands behind those that it is compared with."""
