"""Backlogs that drop: exactly what they promise, and all of it counted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine.dropping import Complaint, ConflatingBacklog, DroppingBacklog

MESSAGES = st.text("abé", min_size=1, max_size=4) | st.binary(min_size=1, max_size=4)


def size_of(message: str | bytes) -> int:
    return len(message if isinstance(message, bytes) else message.encode())


def dropping(messages: int, size: int, *, oldest: bool) -> DroppingBacklog:
    complaint = Complaint("a session", "messages are dropped")
    return DroppingBacklog(messages, size, oldest=oldest, complaint=complaint)


def conflating(messages: int = 100, size: int = 1000) -> ConflatingBacklog:
    """Return one whose key is the first letter; what begins with `-` has none."""
    complaint = Complaint("a session", "messages are dropped")

    def key_of(message: str | bytes) -> object:
        return None if message[:1] in ("-", b"-") else str(message[:1])

    return ConflatingBacklog(messages, size, key_of, complaint)


@settings(deadline=None)
@given(
    st.booleans(),
    st.integers(1, 4),
    st.integers(1, 12),
    st.lists(st.none() | MESSAGES, max_size=40),
)
def test_the_oldest_or_the_newest_is_dropped_and_nothing_else(
    oldest: bool, messages: int, size: int, steps: list[str | bytes | None]
) -> None:
    backlog = dropping(messages, size, oldest=oldest)
    model: list[str | bytes] = []
    dropped = 0
    for step in steps:
        assert backlog.has_room
        if step is None:
            if model:
                assert backlog.pop() is model.pop(0)
            continue
        assert backlog.append(step)
        model.append(step)
        while len(model) > 1 and (len(model) > messages or sum(map(size_of, model)) > size):
            model.pop(0 if oldest else -1)
            dropped += 1
        assert (len(backlog), backlog.size) == (len(model), sum(map(size_of, model)))
        assert backlog.dropped == dropped
    assert [backlog.pop() for _ in range(len(backlog))] == model


@settings(deadline=None)
@given(st.lists(st.none() | st.text("ab-1", min_size=1, max_size=3), max_size=40))
def test_of_each_key_the_newest_waits_at_the_place_of_the_first(steps: list[str | None]) -> None:
    backlog = conflating()
    model: list[str] = []
    dropped = 0
    for step in steps:
        if step is None:
            if model:
                assert backlog.pop() == model.pop(0)
            continue
        assert backlog.append(step)
        at = [place for place, other in enumerate(model) if other[0] == step[0] != "-"]
        if at:
            model[at[0]] = step
            dropped += 1
        else:
            model.append(step)
        assert (len(backlog), backlog.size, backlog.dropped) == (
            len(model),
            sum(map(size_of, model)),
            dropped,
        )
    assert [backlog.pop() for _ in range(len(backlog))] == model


def test_conflating_stops_at_the_bound_of_keys() -> None:
    backlog = conflating(messages=2)
    assert backlog.append("a1")
    assert not backlog.append("b1")
    assert not backlog.append("a2")
    assert (len(backlog), backlog.dropped, backlog.has_room, backlog.is_low) == (2, 1, False, False)
    assert [backlog.pop(), backlog.pop()] == ["a2", "b1"]
    assert backlog.is_low
    with pytest.raises(IndexError):
        backlog.pop()


def test_what_is_put_back_is_older_than_what_waits() -> None:
    backlog = conflating()
    backlog.append("b2")
    backlog.append("c2")
    backlog.put_back(["a1", "b1", "a2", "-1"])
    assert backlog.dropped == 2  # b1 for b2, and a1 for a2
    assert [backlog.pop() for _ in range(len(backlog))] == ["a2", "b2", "-1", "c2"]
    assert backlog.size == 0


def test_put_back_messages_are_not_dropped_by_the_bound_until_more_comes() -> None:
    backlog = dropping(2, 100, oldest=False)
    backlog.append("c")
    backlog.put_back(["a", "b"])
    assert (len(backlog), backlog.dropped) == (3, 0)
    backlog.append("d")
    assert [backlog.pop() for _ in range(len(backlog))] == ["a", "b", "c"]
    assert backlog.dropped == 1


@pytest.mark.parametrize("make", [lambda: dropping(2, 100, oldest=True), conflating])
def test_clearing(make: object) -> None:
    backlog = make()  # type: ignore[operator]
    for text in ("a", "b"):
        backlog.append(text)
    assert backlog.clear() == 2
    assert (len(backlog), backlog.size, backlog.ready, backlog.dropped) == (0, 0, False, 0)


def test_a_burst_is_told_when_it_begins_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    backlog = dropping(1, 100, oldest=True)
    for text in "abcd":
        backlog.append(text)
    backlog.pop()
    assert [record.getMessage() for record in caplog.records] == [
        "a session: handlers are behind: messages are dropped",
        "a session: 3 messages dropped while behind",
    ]
    backlog.append("e")
    backlog.pop()
    assert len(caplog.records) == 2
