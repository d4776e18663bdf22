"""Lanes beside a plain list of messages in the order of their arrival."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from wsengine.backlog import WEIGHT
from wsengine.lanes import Lanes

KEYS = "abc"
MESSAGES = st.builds(
    lambda key, rest: key + rest, st.sampled_from(KEYS), st.text("xyz", max_size=5)
)


class LanesMachine(RuleBasedStateMachine):
    @initialize(messages=st.integers(1, 5), size=st.integers(1, 20))
    def make(self, messages: int, size: int) -> None:
        self.lanes = Lanes(messages, size, lambda message: message[0])
        self.model: list[str] = []
        self.busy: set[str] = set()
        self.bounds = (messages, size)

    @precondition(lambda self: self.lanes.has_room)
    @rule(message=MESSAGES)
    def append(self, message: str) -> None:
        key = message[0]
        assert self.lanes.waits(key) == (
            key in self.busy or any(other[0] == key for other in self.model)
        )
        has_room = self.lanes.append(message)
        self.model.append(message)
        assert has_room == self.lanes.has_room

    @precondition(lambda self: self.lanes.ready)
    @rule(suspends=st.booleans())
    def take(self, suspends: bool) -> None:
        key, message = self.lanes.take()
        free = next(other for other in self.model if other[0] not in self.busy)
        assert (key, message) == (free[0], free)
        self.model.remove(free)
        if suspends:
            self.lanes.begin(key)
            self.busy.add(key[0] if isinstance(key, str) else "")

    @precondition(lambda self: self.busy)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.busy)))
        self.busy.remove(key)
        self.lanes.done(key)

    @precondition(lambda self: self.model)
    @rule()
    def pop(self) -> None:
        assert self.lanes.pop() == self.model.pop(0)

    @rule(messages=st.lists(MESSAGES, max_size=3))
    def put_back(self, messages: list[str]) -> None:
        self.lanes.put_back(messages)
        self.model[:0] = messages

    @rule()
    def clear(self) -> None:
        assert self.lanes.clear() == len(self.model)
        self.model.clear()

    @invariant()
    def agrees_with_the_model(self) -> None:
        messages, size = self.bounds
        held = sum(map(len, self.model))
        assert len(self.lanes) == len(self.model)
        assert self.lanes.size == held
        assert self.lanes.ready == any(message[0] not in self.busy for message in self.model)
        room = len(self.model) < messages and held < size
        assert self.lanes.has_room == (room or not self.model)
        half = len(self.model) <= messages // 2 and held <= size // 2
        assert self.lanes.is_low == (half or not self.model)


TestLanes = LanesMachine.TestCase
TestLanes.settings = settings(deadline=None, max_examples=200, stateful_step_count=40)


def test_nothing_can_be_taken_from_nothing() -> None:
    lanes = Lanes(5, 100, lambda message: message[0])
    with pytest.raises(IndexError):
        lanes.take()
    with pytest.raises(IndexError):
        lanes.pop()
    assert not Lanes(0, 100, lambda message: message).has_room


def test_while_a_reply_is_awaited_only_bytes_are_bounded_and_each_message_weighs_some() -> None:
    lanes = Lanes(10, 100 * WEIGHT, lambda message: message)
    lanes.awaited = ["a request"]
    count = 0
    while lanes.has_room:
        lanes.append(b"")
        count += 1
    assert count == 100
    lanes.awaited = []
    assert not lanes.has_room
