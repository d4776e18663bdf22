from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine.correlator import check_correlator
from wsengine.correlators import PositionalCorrelator
from wsengine.errors import ConfigError, RequestFailed

from .messages import ids, values

WAMP = PositionalCorrelator(
    call=48, result=50, error=8, error_id_at=2, code_at=4, message_at=4, detail_at=3
)


# OCPP-J.


def test_a_call_gets_an_id_in_a_copy() -> None:
    correlator = PositionalCorrelator()
    call: list[Any] = [2, None, "Heartbeat", {}]
    sent = correlator.prepare(call)
    assert sent == [2, "1", "Heartbeat", {}]
    assert correlator.prepare((2, None, "Heartbeat", {})) == [2, "2", "Heartbeat", {}]
    assert call == [2, None, "Heartbeat", {}]
    assert correlator.request_id(sent) == "1"
    assert correlator.request_id(call) is None
    assert check_correlator(correlator).needs_codec is True


@pytest.mark.parametrize("message", [[2, "mine", "A", {}], [3, None, {}], [2], [], "text", {2: 1}])
def test_what_needs_no_id_stays_as_it_is(message: Any) -> None:
    assert PositionalCorrelator().prepare(message) is message


@pytest.mark.parametrize(
    ("message", "request_id", "response_id"),
    [
        ([2, "a", "Reset", {}], "a", None),  # in either direction: never a reply
        ([3, "a", {}], None, "a"),
        ([4, "a", "NotImplemented", "", {}], None, "a"),
        ([3], None, None),
        ([], None, None),
        ([5, "a"], None, None),
        ("3a", None, None),
        ({"0": 3}, None, None),
        (None, None, None),
        ([3, ["a"]], None, None),
    ],
)
def test_which_request_a_message_is_or_answers(
    message: Any, request_id: Any, response_id: Any
) -> None:
    correlator = PositionalCorrelator()
    assert correlator.request_id(message) == request_id
    assert correlator.response_id(message) == response_id


@pytest.mark.parametrize(
    ("reply", "code", "message", "detail"),
    [
        ([4, "a", "GenericError", "It failed", {"x": 1}], "GenericError", "It failed", {"x": 1}),
        ([4, "a", "GenericError"], "GenericError", "", None),
        ([4, "a", "GenericError", 7, None], "GenericError", "", None),
    ],
)
def test_an_error_has_code_text_and_details(
    reply: Any, code: str, message: str, detail: Any
) -> None:
    error = PositionalCorrelator().error(reply)
    assert isinstance(error, RequestFailed)
    assert (error.reply, error.code, error.message, error.detail) == (reply, code, message, detail)


def test_a_result_is_no_error() -> None:
    assert PositionalCorrelator().error([3, "a", {}]) is None


def test_a_good_reply_is_given_whole_unless_a_member_is_asked_for() -> None:
    reply = [3, "a", {"interval": 300}]
    assert PositionalCorrelator().result(reply) is reply
    assert PositionalCorrelator(result_at=2).result(reply) == {"interval": 300}
    assert PositionalCorrelator(result_at=3).result(reply) is None


@settings(deadline=None)
@given(ids, values)
def test_any_id_comes_back(request_id: Any, payload: Any) -> None:
    correlator = PositionalCorrelator()
    call = [2, request_id, "Action", payload]
    before = copy.deepcopy(call)
    sent = json.loads(json.dumps(correlator.prepare(call)))
    assert correlator.response_id([3, sent[1], payload]) == correlator.request_id(call)
    assert correlator.response_id(sent) is None
    assert call == before


@settings(deadline=None)
@given(st.lists(values))
def test_no_array_breaks_it(message: list[Any]) -> None:
    for correlator in (PositionalCorrelator(), WAMP):
        if (sent := correlator.prepare(message)) is not message:
            assert correlator.request_id(sent) is not None
        request, reply = correlator.request_id(message), correlator.response_id(message)
        assert request is None or reply is None


# Another protocol.


def test_other_positions_and_types_fit_wamp() -> None:
    count = iter(range(10, 20)).__next__
    wamp = PositionalCorrelator(call=48, result=50, error=8, error_id_at=2, new_id=count)
    assert wamp.prepare([48, None, {}, "com.add", [1, 2]]) == [48, 10, {}, "com.add", [1, 2]]
    assert wamp.response_id([50, 10, {}, [3]]) == 10
    failure = [8, 48, 10, {"why": "x"}, "wamp.error.no_such_procedure"]
    assert wamp.response_id(failure) == 10
    error = WAMP.error(failure)
    assert error is not None
    assert (error.code, error.detail) == ("wamp.error.no_such_procedure", {"why": "x"})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"type_at": -1}, "type_at=-1: must be a whole number of at least 0"),
        ({"id_at": "1"}, "id_at='1': must be"),
        ({"result_at": -1}, "result_at=-1: must be"),
        ({"error_id_at": 1.5}, "error_id_at=1.5: must be"),
        ({"code_at": None}, "code_at=None: must be"),
        ({"message_at": True}, "message_at=True: must be"),
        ({"detail_at": -5}, "detail_at=-5: must be"),
        ({"new_id": 1}, "new_id=1: must be a function"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PositionalCorrelator(**settings)
