from __future__ import annotations

from wsengine.playground.ring import Ring


def test_each_reader_goes_on_from_where_it_was() -> None:
    ring: Ring[str] = Ring(3)
    assert (ring.since(0), ring.newest, ring.last) == ([], None, 0)
    ring.add("a")
    ring.add("b")
    assert ring.since(0) == ["a", "b"]
    assert ring.since(1) == ["b"]
    assert ring.since(ring.last) == []


def test_who_is_slow_misses_the_oldest() -> None:
    ring: Ring[int] = Ring(3)
    for number in range(1, 8):
        ring.add(number)
    assert ring.since(0) == [5, 6, 7]
    assert ring.since(6) == [7]
    assert (ring.newest, ring.last) == (7, 7)
