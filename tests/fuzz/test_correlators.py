"""Correlators: nothing that a server may send breaks them, and only equal ids match."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsengine import RequestFailed
from wsengine.correlators import JsonCorrelator, JsonRpcCorrelator, PositionalCorrelator

from .budget import examples
from .values import json_values, scalars

FIELDS = ["id", "method", "error", "result", "meta", "reqId", "code", "message", "data"]
CORRELATORS: dict[str, Any] = {
    "json": JsonCorrelator(error_field="error"),
    "json, nested": JsonCorrelator("meta.reqId", response_field="id", error_field="error.code"),
    "json-rpc": JsonRpcCorrelator(),
    "positional": PositionalCorrelator(),
    "positional, elsewhere": PositionalCorrelator(type_at=3, id_at=0, code_at=1, detail_at=2),
}

objects = st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=5)
arrays = st.lists(st.one_of(st.sampled_from([2, 3, 4]), json_values), max_size=6)
messages = st.one_of(json_values, objects, arrays, st.lists(objects, max_size=4))
"""What JSON can hold, much of it nearly a reply."""


@pytest.mark.parametrize("correlator", CORRELATORS.values(), ids=CORRELATORS)
def test_any_message_is_taken(correlator: Any) -> None:
    @examples(200)
    @given(messages)
    def check(message: Any) -> None:
        for found in (correlator.request_id(message), correlator.response_id(message)):
            assert hash(found) is not None
            assert not isinstance(found, bool)
        failure = correlator.error(message)
        assert failure is None or isinstance(failure, RequestFailed)
        if failure is not None:
            assert failure.reply is message
            assert len(str(failure)) < 10_000

    check()


REPLIES: dict[str, Callable[[Any], tuple[Any, Any]]] = {
    "json": lambda one: ({"id": one}, {"id": one, "ok": 1}),
    "json-rpc": lambda one: ({"method": "m", "id": one}, {"id": one, "result": 1}),
    "positional": lambda one: ([2, one, "a", {}], [3, one, {}]),
}
"""A request and its reply, for each correlator."""


@pytest.mark.parametrize("name", REPLIES)
def test_only_equal_ids_match(name: str) -> None:
    correlator = CORRELATORS[name]

    @examples(200)
    @given(scalars, scalars)
    def check(one: Any, other: Any) -> None:
        request, _ = REPLIES[name](one)
        _, reply = REPLIES[name](other)
        asked, answered = correlator.request_id(request), correlator.response_id(reply)
        if one is None or isinstance(one, bool):
            assert asked is None
        else:
            assert asked == one
        if asked is not None:
            assert (asked == answered) is (one == other and not isinstance(other, bool))

    check()


@pytest.mark.parametrize("correlator", CORRELATORS.values(), ids=CORRELATORS)
def test_what_is_prepared_has_an_id_or_is_refused(correlator: Any) -> None:
    @examples(200)
    @given(st.one_of(objects, arrays))
    def check(message: Any) -> None:
        before = repr(message)
        try:
            prepared = correlator.prepare(message)
        except TypeError:
            return
        finally:
            assert repr(message) == before
        again = correlator.prepare(prepared)
        assert correlator.request_id(again) == correlator.request_id(prepared)

    check()
