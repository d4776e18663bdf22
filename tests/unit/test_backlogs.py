"""Each configuration has its backlog."""

from __future__ import annotations

from typing import Any

import pytest

from wsengine import DecodeError, EngineConfig, JsonCodec, conflate
from wsengine.backlog import Backlog
from wsengine.backlogs import make_backlog
from wsengine.conversation import Conversation
from wsengine.dropping import ConflatingBacklog, DroppingBacklog
from wsengine.lanes import Lanes

FAILED: list[tuple[str, Exception]] = []


def make(decode: Any = lambda message: message, **settings: Any) -> Any:
    FAILED.clear()
    return make_backlog(
        "a session", EngineConfig(**settings), decode, lambda *failure: FAILED.append(failure)
    )


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, Backlog),
        ({"order_by": len}, Lanes),
        ({"backlog_policy": "drop_oldest"}, DroppingBacklog),
        ({"backlog_policy": "drop_newest"}, DroppingBacklog),
        ({"backlog_policy": conflate(len)}, ConflatingBacklog),
    ],
)
def test_its_kind_and_its_bounds(settings: dict[str, Any], kind: type[Any]) -> None:
    backlog = make(backlog_messages=2, **settings)
    assert type(backlog) is kind
    for text in ("a", "bb", "ccc"):
        if backlog.has_room:
            backlog.append(text)
    assert len(backlog) == 2


@pytest.mark.parametrize(("policy", "kept"), [("drop_oldest", "bc"), ("drop_newest", "ab")])
def test_which_ones_are_dropped(policy: str, kept: str, caplog: pytest.LogCaptureFixture) -> None:
    backlog = make(backlog_messages=2, backlog_policy=policy)
    for text in "abc":
        backlog.append(text)
    assert "".join(backlog.pop() for _ in range(2)) == kept
    assert backlog.dropped == 1
    assert f"backlog_policy={policy!r}" in caplog.text


def test_keys_are_of_what_the_codec_made() -> None:
    decode = Conversation(JsonCodec()).decode
    backlog = make(decode, backlog_policy=conflate(lambda quote: quote["name"]))
    for text in ('{"name":"a","n":1}', '{"name":"b","n":2}', '{"name":"a","n":3}'):
        backlog.append(text)
    assert [backlog.pop() for _ in range(2)] == ['{"name":"a","n":3}', '{"name":"b","n":2}']
    assert FAILED == []


def test_what_has_no_key_is_kept_and_a_key_that_raises_is_told() -> None:
    def decode(message: str) -> str:
        if message == "?":
            raise DecodeError(message, "nonsense")
        return message

    keys: dict[str, Any] = {"x": 1, "n": None, "l": []}
    backlog = make(decode, backlog_policy=conflate(keys.__getitem__))
    for text in ("x", "x", "n", "n", "?", "?", "missing", "l"):
        backlog.append(text)
    assert len(backlog) == 7
    assert backlog.dropped == 1
    assert [(name, type(error)) for name, error in FAILED] == [
        ("conflate", KeyError),
        ("conflate", TypeError),
    ]
