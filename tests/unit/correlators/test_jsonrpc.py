from __future__ import annotations

import copy
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine.codecs import JsonCodec, PydanticCodec
from wsengine.correlator import check_correlator
from wsengine.correlators import JsonRpcCorrelator, Notification
from wsengine.errors import ConfigError, RequestFailed

from .messages import ids, values


class Call(msgspec.Struct):
    method: str
    id: int | None = None
    jsonrpc: str = "2.0"


class Reply(msgspec.Struct):
    id: int | None
    result: Any = None
    error: Any = None


# Calls.


def test_a_call_is_completed_in_a_copy() -> None:
    correlator = JsonRpcCorrelator()
    call = {"method": "add", "params": [1, 2]}
    sent = correlator.prepare(call)
    assert sent == {"jsonrpc": "2.0", "method": "add", "params": [1, 2], "id": 1}
    assert call == {"method": "add", "params": [1, 2]}
    assert correlator.request_id(call) is None
    assert correlator.request_id(sent) == 1
    assert correlator.request_id({"id": 1, "result": 3}) is None
    assert check_correlator(correlator).needs_codec is True


def test_an_id_that_is_there_stays() -> None:
    correlator = JsonRpcCorrelator(new_id=lambda: "new")
    assert correlator.prepare({"method": "m", "id": "mine"})["id"] == "mine"
    assert correlator.prepare({"method": "m", "id": None})["id"] == "new"
    assert correlator.prepare({"method": "m", "id": 0})["id"] == 0


def test_calls_may_be_structs() -> None:
    correlator = JsonRpcCorrelator()
    assert correlator.prepare(Call("m")) == Call("m", id=1)
    whole = Call("m", id=5)
    assert correlator.prepare(whole) is whole
    assert correlator.response_id(Reply(5)) == 5


@pytest.mark.parametrize("message", ["text", 7, None])
def test_what_is_no_call_cannot_be_completed(message: Any) -> None:
    correlator = JsonRpcCorrelator()
    assert correlator.request_id(message) is None
    assert correlator.response_id(message) is None
    with pytest.raises(TypeError, match="give the message its id yourself"):
        correlator.prepare(message)


# Notifications.


@pytest.mark.parametrize(
    ("notification", "wire"),
    [
        (Notification("m"), {"jsonrpc": "2.0", "method": "m"}),
        (Notification("m", [1]), {"jsonrpc": "2.0", "method": "m", "params": [1]}),
        (Notification("m", {}), {"jsonrpc": "2.0", "method": "m", "params": {}}),
    ],
)
def test_a_notification_goes_out_as_it_is(notification: Notification, wire: Any) -> None:
    correlator = JsonRpcCorrelator()
    assert correlator.prepare(notification) is notification
    assert correlator.request_id(notification) is None
    for codec in (JsonCodec(), PydanticCodec(dict)):
        assert json.loads(codec.encode(notification)) == wire


# Replies.


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ({"jsonrpc": "2.0", "id": 1, "result": None}, 1),
        ({"jsonrpc": "2.0", "id": "a", "error": {"code": 1, "message": ""}}, "a"),
        ({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "Parse"}}, None),
        ({"jsonrpc": "2.0", "method": "tick", "params": []}, None),
        ({"jsonrpc": "2.0", "method": "ask", "id": 1}, None),  # the server's own call
        ([{"id": 2, "result": 1}, {"id": 1, "error": {}}], frozenset({1, 2})),
        ([{"id": 1, "method": "ask"}], None),
        ([{"id": 1, "method": "ask"}, {"id": 2, "result": 1}], frozenset({2})),
        ([], None),
    ],
)
def test_which_request_a_message_answers(message: Any, key: Any) -> None:
    assert JsonRpcCorrelator().response_id(message) == key


def test_an_error_has_code_message_and_data() -> None:
    reply = {"id": 1, "error": {"code": -32601, "message": "Method not found", "data": ["m"]}}
    error = JsonRpcCorrelator().error(reply)
    assert isinstance(error, RequestFailed)
    assert error.reply is reply
    assert (error.code, error.message, error.detail) == (-32601, "Method not found", ["m"])
    assert str(error) == "the server answered with an error: code -32601, 'Method not found'"


@pytest.mark.parametrize(
    "reply", [{"id": 1, "result": 1}, {"id": 1, "result": 1, "error": None}, Reply(1, result=2)]
)
def test_a_good_reply_has_no_error(reply: Any) -> None:
    assert JsonRpcCorrelator().error(reply) is None


def test_in_a_batch_errors_stay_where_they_are() -> None:
    assert JsonRpcCorrelator().error([{"id": 1, "error": {"code": 1, "message": "no"}}]) is None


@pytest.mark.parametrize("result", [[1], None, False, {"result": 1}])
def test_a_good_reply_is_given_whole_or_unwrapped(result: Any) -> None:
    reply = {"jsonrpc": "2.0", "id": 1, "result": result}
    assert JsonRpcCorrelator().result(reply) is reply
    assert JsonRpcCorrelator(unwrap=True).result(reply) is result
    assert JsonRpcCorrelator(unwrap=True).result(Reply(1, result=result)) is result


def test_the_replies_of_a_batch_are_not_unwrapped() -> None:
    replies = [{"id": 2, "result": 1}, {"id": 1, "error": {"code": 1, "message": "no"}}]
    assert JsonRpcCorrelator(unwrap=True).result(replies) is replies


# Answers to the server's own calls.


@pytest.mark.parametrize("call", [{"id": 7, "method": "ask"}, Call("ask", id=7)])
def test_a_call_is_answered(call: Any) -> None:
    correlator = JsonRpcCorrelator()
    assert correlator.reply(call, [1]) == {"jsonrpc": "2.0", "id": 7, "result": [1]}
    assert correlator.reply(call, None) == {"jsonrpc": "2.0", "id": 7, "result": None}
    error = {"code": -32601, "message": "no method ask"}
    refusal = {"jsonrpc": "2.0", "id": 7, "error": error}
    assert correlator.refuse(call, -32601, "no method ask") == refusal
    refusal["error"] = {**error, "data": 0}
    assert correlator.refuse(call, -32601, "no method ask", 0) == refusal


@pytest.mark.parametrize("call", [{"method": "tick"}, Notification("tick"), Call("tick")])
def test_a_notification_is_not_answered(call: Any) -> None:
    assert JsonRpcCorrelator.reply(call, 1) is None
    assert JsonRpcCorrelator.refuse(call, 1, "no") is None


@pytest.mark.parametrize("message", ["text", None, [], {}])
def test_what_is_no_call_is_refused_with_a_null(message: Any) -> None:
    refusal = JsonRpcCorrelator.refuse(message, -32600, "Invalid Request")
    error = {"code": -32600, "message": "Invalid Request"}
    assert refusal == {"jsonrpc": "2.0", "id": None, "error": error}


@settings(deadline=None)
@given(ids, values)
def test_the_other_side_finds_the_call_that_an_answer_belongs_to(call_id: Any, result: Any) -> None:
    correlator = JsonRpcCorrelator(unwrap=True)
    call = correlator.prepare({"method": "m", "id": call_id})
    reply = json.loads(json.dumps(correlator.reply(json.loads(json.dumps(call)), result)))
    assert correlator.response_id(reply) == correlator.request_id(call)
    assert (correlator.error(reply), correlator.result(reply)) == (None, result)
    refusal = correlator.refuse(call, 5, "no", result)
    assert correlator.response_id(refusal) == correlator.request_id(call)
    error = correlator.error(refusal)
    assert error is not None
    assert (error.code, error.message) == (5, "no")


# Batches.


def test_a_batch_is_completed_member_by_member() -> None:
    correlator = JsonRpcCorrelator()
    batch = [{"method": "a"}, Notification("log"), {"method": "b", "id": "mine"}]
    sent = correlator.prepare(batch)
    assert sent == [
        {"jsonrpc": "2.0", "method": "a", "id": 1},
        {"jsonrpc": "2.0", "method": "log"},
        {"jsonrpc": "2.0", "method": "b", "id": "mine"},
    ]
    assert batch == [{"method": "a"}, Notification("log"), {"method": "b", "id": "mine"}]
    assert correlator.request_id(sent) == frozenset({1, "mine"})


def test_a_batch_of_notifications_wants_no_reply() -> None:
    correlator = JsonRpcCorrelator()
    assert correlator.request_id(correlator.prepare([Notification("a"), Notification("b")])) is None
    assert correlator.request_id([]) is None


def test_an_id_stands_in_a_batch_once() -> None:
    correlator = JsonRpcCorrelator()
    twice = [{"method": "a", "id": "x"}, Notification("log"), {"method": "b", "id": "x"}]
    with pytest.raises(ConfigError, match=r"^id='x': stands twice in the batch"):
        correlator.prepare(twice)


def test_the_ids_filled_in_are_none_of_the_batch() -> None:
    correlator = JsonRpcCorrelator()
    sent = correlator.prepare([{"method": "a", "id": 1}, {"method": "b"}, {"method": "c", "id": 2}])
    assert [call["id"] for call in sent] == [1, 3, 2]
    assert correlator.request_id(sent) == frozenset({1, 2, 3})
    assert correlator.prepare({"method": "d"})["id"] == 4


def test_a_maker_of_ids_that_repeats_itself_is_no_endless_loop() -> None:
    correlator = JsonRpcCorrelator(new_id=lambda: "new")
    assert correlator.prepare([{"method": "a"}]) == [{"method": "a", "jsonrpc": "2.0", "id": "new"}]
    with pytest.raises(ConfigError, match="returns no id that is not in the batch"):
        correlator.prepare([{"method": "a"}, {"method": "b"}])


calls = st.fixed_dictionaries({"method": st.text()}, optional={"params": st.lists(values)})
batches = st.lists(calls | st.builds(Notification, st.text()), min_size=1)


@settings(deadline=None)
@given(batches, st.randoms(use_true_random=False), st.data())
def test_the_reply_to_any_batch_is_found(
    batch: list[Any], chance: Any, data: st.DataObject
) -> None:
    correlator = JsonRpcCorrelator()
    before = copy.deepcopy(batch)
    sent = correlator.prepare(batch)
    assert batch == before
    assert [type(member) for member in sent] == [type(member) for member in batch]
    received = json.loads(json.dumps(sent))
    replies = [{"jsonrpc": "2.0", "id": call["id"]} for call in received if "id" in call]
    for reply in replies:
        reply[data.draw(st.sampled_from(["result", "error"]))] = data.draw(values)
    chance.shuffle(replies)  # the server may answer in any order
    key = correlator.request_id(sent)
    assert correlator.response_id(replies) == key
    assert (key is None) == all(isinstance(member, Notification) for member in batch)
    assert correlator.response_id(sent) is None  # our own calls, should the server send them back


@settings(deadline=None)
@given(ids, values)
def test_any_id_comes_back(request_id: Any, result: Any) -> None:
    correlator = JsonRpcCorrelator()
    sent = correlator.prepare({"method": "m", "id": request_id})
    reply = json.loads(json.dumps({"id": sent["id"], "result": result}))
    assert correlator.response_id(reply) == correlator.request_id(sent) == request_id


def test_settings_are_checked() -> None:
    with pytest.raises(ConfigError, match="new_id='x': must be a function"):
        JsonRpcCorrelator(new_id="x")  # type: ignore[arg-type]
