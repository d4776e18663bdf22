from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from wsengine.servers.demo_protocol import (
    SMALLEST_FLOOD,
    Code,
    Dialogue,
    encode,
    flooding,
    heartbeat,
    parse,
)


def ask(dialogue: Dialogue, **fields: Any) -> dict[str, Any]:
    """Return the reply to a request, as the client reads it."""
    reply, error = dialogue.answer(parse(json.dumps(fields)))
    told = json.loads(encode(reply))
    problem = told.get("error", told)
    assert problem.get("code") == (None if error is None else error.value)
    return told  # type: ignore[no-any-return]


def subscribe(dialogue: Dialogue, **fields: Any) -> dict[str, Any]:
    return ask(dialogue, **{"type": "subscribe_request", "topic": "heartbeat", **fields})


def unsubscribe(dialogue: Dialogue, **fields: Any) -> dict[str, Any]:
    return ask(dialogue, **{"type": "unsubscribe_request", "topic": "heartbeat", **fields})


@pytest.mark.parametrize("req_id", ["a", 7, "", 0, -1])
def test_each_request_has_its_response(req_id: str | int) -> None:
    dialogue = Dialogue()
    assert subscribe(dialogue, reqId=req_id) == {
        "type": "subscribe_response",
        "reqId": req_id,
        "status": "OK",
        "data": {"topic": "heartbeat"},
    }
    assert unsubscribe(dialogue, reqId=req_id) == {
        "type": "unsubscribe_response",
        "reqId": req_id,
        "status": "OK",
        "data": {"topic": "heartbeat"},
    }
    assert ask(dialogue, type="echo_request", echo="é\ud800", reqId=req_id) == {
        "type": "echo_response",
        "reqId": req_id,
        "status": "OK",
        "data": {"echo": "é\ud800"},
    }


@pytest.mark.parametrize("fields", [{}, {"reqId": None}])
def test_an_id_is_not_needed(fields: dict[str, Any]) -> None:
    assert "reqId" not in subscribe(Dialogue(), **fields)


def test_an_error_is_asked_for() -> None:
    reply = ask(Dialogue(), type="echo_request", echo="x", err=True, reqId=1)
    assert reply == {
        "type": "echo_response",
        "reqId": 1,
        "status": "ERROR",
        "error": {"message": "the error that the client asked for", "code": "ASKED_BY_CLIENT"},
    }


def test_subscriptions_can_come_and_go() -> None:
    dialogue = Dialogue()
    assert unsubscribe(dialogue)["error"]["code"] == "NOT_SUBSCRIBED"
    assert subscribe(dialogue)["status"] == "OK"
    assert dialogue.subscribed == {"heartbeat"}
    assert subscribe(dialogue)["error"]["code"] == "ALREADY_SUBSCRIBED"
    assert unsubscribe(dialogue)["status"] == "OK"
    assert dialogue.subscribed == set()
    assert unsubscribe(dialogue)["error"]["code"] == "NOT_SUBSCRIBED"
    assert subscribe(dialogue)["status"] == "OK"


@pytest.mark.parametrize("request_of", [subscribe, unsubscribe])
def test_there_is_one_topic(request_of: Any) -> None:
    error = request_of(Dialogue(), topic="weather", reqId=1)["error"]
    assert error == {
        "message": "there is no topic 'weather', only 'heartbeat'",
        "code": "TOPIC_NOT_FOUND",
    }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"type": "subscribe_request"}, "the field 'topic' is missing"),
        ({"type": "subscribe_request", "topic": 1}, "the field 'topic' must be a string"),
        ({"type": "unsubscribe_request", "topic": None}, "the field 'topic' must be a string"),
        ({"type": "echo_request"}, "the field 'echo' is missing"),
        ({"type": "echo_request", "echo": ["x"]}, "the field 'echo' must be a string"),
        (
            {"type": "echo_request", "echo": "x", "err": "yes"},
            "the field 'err' must be true or false",
        ),
    ],
)
def test_a_request_with_a_wrong_field_has_its_response(
    fields: dict[str, Any], message: str
) -> None:
    reply = ask(Dialogue(), **fields, reqId="id")
    assert reply["type"] == fields["type"].replace("request", "response")
    assert (reply["reqId"], reply["status"]) == ("id", "ERROR")
    assert reply["error"] == {"message": message, "code": "BAD_REQUEST"}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b'{"type": "echo_request"}', "this one was binary"),
        ("hello", "not JSON: Expecting value, at character 0"),
        ('{"type": "echo_request"', "not JSON: "),
        ('{"echo": NaN}', "not JSON: NaN is not a value of JSON"),
        ("[1]", "must be a JSON object"),
        ("null", "must be a JSON object"),
        ("{}", "the field 'type' is missing"),
        ('{"type": 3}', "the field 'type' must be a string"),
        ('{"type": "echo_request", "reqId": true}', "'reqId' must be a string or a whole number"),
        ('{"type": "echo_request", "reqId": 1.5}', "'reqId' must be a string or a whole number"),
        ('{"type": "echo_request", "reqId": {}}', "'reqId' must be a string or a whole number"),
        ("[" * 1_000_000, "longer or deeper than what is read here"),
        ('{"reqId": ' + "1" * 10_000 + "}", "longer or deeper than what is read here"),
    ],
)
def test_what_is_no_request_is_told_so(message: str | bytes, words: str) -> None:
    reply, error = Dialogue().answer(parse(message))
    assert error is Code.BAD_REQUEST
    assert set(reply) == {"type", "message", "code"}
    assert reply["type"] == "error"
    assert words in reply["message"]


def test_an_unknown_type_is_told_with_its_id() -> None:
    assert ask(Dialogue(), type="sing", reqId=5) == {
        "type": "error",
        "reqId": 5,
        "message": "'sing' is none of the types subscribe_request, unsubscribe_request, "
        "echo_request",
        "code": "UNKNOWN_MESSAGE_TYPE",
    }


def test_what_the_client_says_is_not_quoted_at_length() -> None:
    for fields in ({"type": "x" * 10_000}, {"type": "subscribe_request", "topic": "x" * 10_000}):
        assert len(json.dumps(ask(Dialogue(), **fields))) < 300


def test_a_heartbeat_tells_the_time() -> None:
    beat = heartbeat(12.34567)
    assert beat["type"] == "heartbeat"
    assert beat["uptime_seconds"] == 12.346
    assert datetime.fromisoformat(beat["timestamp"]).tzinfo == UTC


@pytest.mark.parametrize("size", [SMALLEST_FLOOD, 101, 5000])
def test_a_message_of_a_flood_has_its_size(size: int) -> None:
    text = flooding(999_999, 1_000_000, size)
    assert len(text.encode()) == size
    message = json.loads(text)
    assert (message["type"], message["number"], message["of"]) == ("flood", 999_999, 1_000_000)


def test_the_texts_of_a_request_may_carry_a_trace() -> None:
    request = parse('{"type": "echo_request", "traceparent": "00-x", "baggage": 3}')
    assert request.texts == {"type": "echo_request", "traceparent": "00-x"}
