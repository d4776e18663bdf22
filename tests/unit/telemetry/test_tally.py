"""The counts of an engine, those of its open session included."""

from __future__ import annotations

import gc
from types import SimpleNamespace
from typing import Any, cast

from wsengine.backlog import Backlog
from wsengine.telemetry.tally import Live, Tally
from wsengine.traffic import Traffic


class Session:
    def __init__(self, *messages: str | bytes, dropped: int = 0) -> None:
        self.link: Any = SimpleNamespace(incoming=Traffic(), outgoing=Traffic())
        self.crew: Any = SimpleNamespace(backlog=Backlog(1, 1), busy_workers=0)
        self.dropped = dropped
        self.unmatched = 2 * dropped
        self.requests_in_flight = 0
        for message in messages:
            self.link.incoming.count(message)


def live(*messages: str | bytes, dropped: int = 0) -> Live:
    return cast("Live", Session(*messages, dropped=dropped))


def test_an_open_session_counts() -> None:
    tally, session = Tally("x"), live("a", b"bc", dropped=2)
    tally.begin(session)
    assert (tally.incoming.messages, tally.incoming.bytes, tally.dropped) == (2, 3, 2)
    session.link.incoming.count("more")
    assert tally.incoming.bytes == 7
    assert tally.live is session


def test_an_ended_session_stays_counted_once() -> None:
    tally = Tally("x")
    for _ in range(3):
        session = live("a", dropped=1)
        tally.begin(session)
        session.link.outgoing.count(b"12")
        tally.end(session)
    assert tally.live is None
    assert (tally.incoming.messages, tally.outgoing.bytes, tally.dropped) == (3, 6, 3)


def test_a_session_is_not_kept_alive() -> None:
    tally, session = Tally("x"), live("a")
    tally.begin(session)
    del session
    gc.collect()
    assert tally.live is None
    assert tally.incoming.messages == 0


def test_what_is_gone_is_absorbed() -> None:
    total, gone, session = Tally("x"), Tally("x"), live("a")
    gone.begin(session)
    gone.opened += 2
    gone.reconnects["lost"] += 1
    gone.callback_errors["on_message"] += 3
    total.absorb(gone)
    total.absorb(gone)
    assert total.incoming.messages == 2
    assert (total.dials["open", ""], total.reconnects["lost"]) == (4, 2)
    assert total.callback_errors["on_message"] == 6
