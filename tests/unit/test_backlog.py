from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from wsengine.backlog import WEIGHT, Backlog

MESSAGES = st.text(max_size=8) | st.binary(max_size=8)


def size_of(message: str | bytes) -> int:
    return len(message if isinstance(message, bytes) else message.encode())


class BacklogMachine(RuleBasedStateMachine):
    """A backlog beside a plain list, with a reader that keeps the bound."""

    @initialize(messages=st.integers(0, 4), size=st.integers(1, 20))
    def make(self, messages: int, size: int) -> None:
        self.backlog = Backlog(messages, size)
        self.model: list[str | bytes] = []
        self.bounds = (messages, size)

    @precondition(lambda self: self.backlog.has_room)
    @rule(message=MESSAGES)
    def append(self, message: str | bytes) -> None:
        has_room = self.backlog.append(message)
        self.model.append(message)
        assert has_room == self.backlog.has_room

    @precondition(lambda self: self.model)
    @rule()
    def pop(self) -> None:
        oldest = self.model.pop(0)
        popped = self.backlog.pop()
        assert popped is oldest

    @precondition(lambda self: not self.model)
    @rule()
    def pop_from_nothing(self) -> None:
        with pytest.raises(IndexError):
            self.backlog.pop()

    @rule()
    def clear(self) -> None:
        assert self.backlog.clear() == len(self.model)
        self.model.clear()

    @invariant()
    def agrees_with_the_model(self) -> None:
        messages, size = self.bounds
        held = sum(map(size_of, self.model))
        assert len(self.backlog) == len(self.model)
        assert bool(self.backlog) == bool(self.model)
        assert self.backlog.size == held
        alone = not self.model and messages > 0
        assert self.backlog.has_room == (alone or (len(self.model) < messages and held < size))

    @invariant()
    def is_low_when_half_is_taken(self) -> None:
        messages, size = self.bounds
        held = sum(map(size_of, self.model))
        half = len(self.model) <= messages // 2 and held <= size // 2
        assert self.backlog.is_low == (half or not self.model)

    @invariant()
    def keeps_its_bound(self) -> None:
        messages, size = self.bounds
        assert len(self.backlog) <= messages
        # The message that crosses the bound in bytes is the last one.
        assert sum(map(size_of, self.model[:-1])) < size or len(self.model) <= 1


TestBacklog = BacklogMachine.TestCase
TestBacklog.settings = settings(deadline=None, max_examples=100, stateful_step_count=30)


@settings(deadline=None)
@given(st.lists(MESSAGES))
def test_first_in_first_out(messages: list[str | bytes]) -> None:
    backlog = Backlog(max_messages=10**9, max_bytes=10**9)
    for message in messages:
        backlog.append(message)
    assert [backlog.pop() for _ in messages] == messages
    assert backlog.size == 0


def test_nothing_is_read_ahead_with_a_bound_of_none() -> None:
    assert not Backlog(max_messages=0, max_bytes=1000).has_room


def test_one_message_may_always_be_held() -> None:
    backlog = Backlog(max_messages=5, max_bytes=1)
    rooms = [backlog.has_room]
    backlog.append("far above the bound")
    rooms.append(backlog.has_room)
    backlog.pop()
    rooms.append(backlog.has_room)
    assert rooms == [True, False, True]


def test_what_is_put_back_comes_first_whatever_the_bound() -> None:
    backlog = Backlog(1, 3)
    backlog.append("c")
    backlog.put_back(["a", "\u00e9"])
    assert (len(backlog), backlog.size, backlog.has_room) == (3, 4, False)
    assert [backlog.pop() for _ in range(3)] == ["a", "\u00e9", "c"]
    assert backlog.size == 0


def test_while_a_reply_is_awaited_only_bytes_are_bounded() -> None:
    backlog, awaited = Backlog(1, 5 + 3 * WEIGHT), ["a request"]
    backlog.awaited = awaited
    assert backlog.append("a")
    assert backlog.append("b")
    assert backlog.has_room
    awaited.clear()
    assert not backlog.has_room
    assert not backlog.append("c")
    awaited.append("another")
    assert not backlog.append("dd")
    assert not backlog.has_room


def test_while_a_reply_is_awaited_empty_messages_are_bounded_too() -> None:
    backlog = Backlog(10, 100 * WEIGHT)
    backlog.awaited = ["a request"]
    count = 0
    while backlog.has_room:
        backlog.append(b"")
        count += 1
    assert count == 100


def test_each_has_messages_of_its_own() -> None:
    one, other, third = (Backlog(10, 1000) for _ in range(3))
    one.append("x")
    other.put_back(["y"])
    assert (len(one), len(other), len(third)) == (1, 1, 0)
    assert (one.pop(), other.pop()) == ("x", "y")
    with pytest.raises(IndexError):
        third.pop()
    assert third.clear() == 0
