from __future__ import annotations

import copy
import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine.correlator import check_correlator
from wsengine.correlators import JsonCorrelator
from wsengine.errors import ConfigError, RequestFailed

from .messages import FORMS, Struct, ids, values


def test_it_is_a_correlator_of_decoded_messages() -> None:
    correlation = check_correlator(JsonCorrelator())
    assert correlation.needs_codec is True
    assert correlation.prepare({}) == {"id": 1}


@pytest.mark.parametrize("form", FORMS)
def test_a_request_gets_the_next_number_as_its_id(form: Any) -> None:
    correlator = JsonCorrelator()
    request = form(op="x")
    first, second = correlator.prepare(request), correlator.prepare(request)
    assert request == form(op="x")
    assert correlator.request_id(request) is None
    assert [correlator.request_id(sent) for sent in (first, second)] == [1, 2]
    assert correlator.response_id(form(op="y", id=2)) == 2


@pytest.mark.parametrize("form", FORMS)
def test_an_id_that_is_there_stays(form: Any) -> None:
    correlator = JsonCorrelator()
    request = form(op="x", id="mine")
    assert correlator.prepare(request) is request
    assert correlator.request_id(request) == "mine"
    assert correlator.prepare(form(op="x")) == form(op="x", id=1)


def test_each_correlator_counts_for_itself() -> None:
    assert JsonCorrelator().prepare({}) == JsonCorrelator().prepare({}) == {"id": 1}


def test_ids_may_be_made_otherwise() -> None:
    correlator = JsonCorrelator(new_id=map("r{}".format, itertools.count()).__next__)
    assert [correlator.prepare({})["id"] for _ in range(2)] == ["r0", "r1"]


def test_the_ids_may_stand_elsewhere() -> None:
    correlator = JsonCorrelator("meta.reqId", response_field="replyTo")
    sent = correlator.prepare({"op": "x"})
    assert sent == {"op": "x", "meta": {"reqId": 1}}
    assert correlator.request_id(sent) == 1
    assert correlator.response_id({"replyTo": 1, "meta": {"reqId": 99}}) == 1
    assert correlator.response_id({"meta": {"reqId": 1}}) is None


@pytest.mark.parametrize("message", ["text", 7, None, [1], {"id": [1]}, {"id": True}, {"ID": 1}])
def test_what_has_no_id_is_neither_request_nor_reply(message: Any) -> None:
    correlator = JsonCorrelator()
    assert correlator.request_id(message) is None
    assert correlator.response_id(message) is None


def test_what_has_no_place_for_an_id_cannot_be_a_request() -> None:
    with pytest.raises(TypeError, match="give the message its id yourself"):
        JsonCorrelator().prepare("text")


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.text(), values), max_size=5))
def test_the_reply_to_each_request_is_found(requests: list[dict[str, Any]]) -> None:
    correlator = JsonCorrelator()
    requests = [{name: request[name] for name in request if name != "id"} for request in requests]
    before = copy.deepcopy(requests)
    sent = [correlator.prepare(request) for request in requests]
    assert requests == before
    replies = [{"id": json.loads(json.dumps(request))["id"]} for request in sent]
    keys = [correlator.request_id(request) for request in sent]
    assert [correlator.response_id(reply) for reply in replies] == keys
    assert None not in keys
    assert len(set(keys)) == len(keys)


@settings(deadline=None)
@given(ids, values)
def test_any_id_comes_back_through_json(request_id: Any, payload: Any) -> None:
    correlator = JsonCorrelator("meta.id")
    request = {"meta": {"id": request_id}, "payload": payload}
    reply = json.loads(json.dumps(request))
    assert correlator.prepare(request) is request
    assert correlator.response_id(reply) == correlator.request_id(request) == request_id


# Errors.


@pytest.mark.parametrize(
    ("told", "code", "message", "detail"),
    [
        ("no such thing", None, "no such thing", None),
        (404, 404, "", None),
        ({"code": 404, "message": "gone"}, 404, "gone", {"code": 404, "message": "gone"}),
        ({"code": "E1", "data": [1]}, "E1", "", [1]),
        ({"message": ["odd"]}, None, "", {"message": ["odd"]}),
        (["odd"], None, "", ["odd"]),
        ("", None, "", None),
        (True, True, "", None),
    ],
)
def test_a_reply_may_tell_of_an_error(told: Any, code: Any, message: str, detail: Any) -> None:
    reply = {"id": 1, "error": told}
    error = JsonCorrelator(error_field="error").error(reply)
    assert isinstance(error, RequestFailed)
    assert (error.reply, error.code, error.message, error.detail) == (reply, code, message, detail)


@pytest.mark.parametrize("reply", [{"id": 1}, {"id": 1, "error": None}, {"error": False}, "text"])
def test_a_good_reply_tells_of_none(reply: Any) -> None:
    assert JsonCorrelator(error_field="error").error(reply) is None


def test_errors_are_not_looked_for_without_a_field() -> None:
    assert JsonCorrelator().error({"id": 1, "error": "no"}) is None


def test_an_error_may_be_nested_and_of_any_form() -> None:
    error = JsonCorrelator(error_field="body.id").error({"body": Struct("x", id="wrong")})
    assert error is not None
    assert error.message == "wrong"


# Results.


def test_a_good_reply_is_given_whole_unless_a_field_is_asked_for() -> None:
    reply = {"id": 1, "body": {"value": [5]}}
    assert JsonCorrelator().result(reply) is reply
    assert JsonCorrelator(result_field="body").result(reply) == {"value": [5]}
    assert JsonCorrelator(result_field="body.value").result(reply) == [5]
    assert JsonCorrelator(result_field="op").result(Struct("x", id=1)) == "x"


@pytest.mark.parametrize("reply", [{"id": 1}, {"id": 1, "body": None}, {"id": 1, "body": 7}])
def test_what_the_reply_lacks_is_none(reply: Any) -> None:
    assert JsonCorrelator(result_field="body.value").result(reply) is None


# Settings.


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"field": ""}, "field='': must be the name of a field"),
        ({"response_field": "a."}, "response_field='a.': must be"),
        ({"error_field": 5}, "error_field=5: must be"),
        ({"result_field": "a..b"}, "result_field='a..b': must be"),
        ({"new_id": 5}, "new_id=5: must be a function"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        JsonCorrelator(**settings)
