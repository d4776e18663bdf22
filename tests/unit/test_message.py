from __future__ import annotations

from array import array
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine.message import as_it_is_now, as_plain, check_sendable, message_size


@settings(deadline=None)
@given(st.text())
def test_text_counts_as_its_utf8(text: str) -> None:
    assert message_size(text) == len(text.encode())


@settings(deadline=None)
@given(st.binary())
def test_binary_counts_as_it_is(data: bytes) -> None:
    assert message_size(data) == len(data)


def test_a_lone_surrogate_has_a_size() -> None:
    assert message_size("a\ud800") == 4


@pytest.mark.parametrize("message", ["", "text", b"", b"binary", bytearray(b"x"), memoryview(b"x")])
def test_text_and_bytes_can_be_sent(message: object) -> None:
    check_sendable(message)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"a": 1}, "dict"),
        (None, "NoneType"),
        (7, "int"),
        (["a", "b"], "list"),
    ],
)
def test_anything_else_is_refused_with_what_to_do(message: object, kind: str) -> None:
    with pytest.raises(TypeError, match=rf"not {kind}.*json\.dumps"):
        check_sendable(message)


@pytest.mark.parametrize("message", ["text", b"data", bytearray(b"x"), memoryview(b"whole")[1:4]])
def test_what_is_plain_is_not_copied(message: str | bytes | bytearray | memoryview) -> None:
    assert as_plain(message) is message


@pytest.mark.parametrize(
    "view",
    [
        memoryview(array("i", [1, 2, 3])),
        memoryview(b"abcdefgh")[::2],
        memoryview(b"abcdefgh")[::-1],
        memoryview(b"abcdefgh").cast("B", (2, 4)),
        memoryview(b"a").cast("B", ()),
    ],
)
def test_any_other_view_becomes_the_bytes_that_it_shows(view: memoryview) -> None:
    plain = as_plain(view)
    assert isinstance(plain, bytes)
    assert plain == view.tobytes()


@pytest.mark.parametrize("view", [lambda buffer: buffer, memoryview])
def test_as_it_is_now_takes_a_copy_of_what_can_be_changed(view: Any) -> None:
    buffer = bytearray(b"abc")
    message = as_it_is_now(view(buffer))
    buffer[0] = 0
    assert message == b"abc"
    assert type(message) is bytes


@pytest.mark.parametrize("message", ["text", b"binary", {"a": 1}, None])
def test_as_it_is_now_leaves_all_else_as_it_is(message: Any) -> None:
    assert as_it_is_now(message) is message
