from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from wsengine.correlators.fields import as_id, fill, member, path_of, read, replace
from wsengine.errors import ConfigError

from .messages import FORMS, Struct, Unset, proxy, values


class Meta(msgspec.Struct):
    req: int | None = None


class Nested(BaseModel):
    meta: dict[str, Any] | None = None


class Bare(BaseModel):
    op: str = ""


# Paths.


@pytest.mark.parametrize(
    ("field", "path"),
    [("id", ("id",)), ("meta.reqId", ("meta", "reqId")), ("a.b.c", ("a", "b", "c"))],
)
def test_a_path_is_given_with_dots(field: str, path: tuple[str, ...]) -> None:
    assert path_of("field", field) == path


@pytest.mark.parametrize("field", ["", ".", "a.", ".a", "a..b", None, 1, ["a"]])
def test_what_is_no_path_is_refused(field: Any) -> None:
    with pytest.raises(ConfigError, match=r"field=.*: must be the name of a field"):
        path_of("field", field)


# Reading.


@pytest.mark.parametrize("form", [*FORMS, proxy])
def test_a_field_is_read_from_every_form(form: Any) -> None:
    assert read(form(op="x", id=7), ("id",)) == 7
    assert read(form(op="x"), ("id",)) is None
    assert read(form(op="x"), ("nothing",)) is None
    assert read(form(op="x"), ("op", "below")) is None


@pytest.mark.parametrize("message", ["text", b"data", 1, 1.5, True, None, ["id"]])
def test_what_has_no_fields_has_none(message: Any) -> None:
    for name in ("id", "count", "title", "real", "index", "__class__"):
        assert read(message, (name,)) is None


def test_a_field_is_read_through_mappings_and_objects() -> None:
    assert read({"meta": Meta(5)}, ("meta", "req")) == 5
    assert read(Nested(meta={"req": 5}), ("meta", "req")) == 5
    assert read(Nested(), ("meta", "req")) is None


@pytest.mark.parametrize("value", ["a", 7, -1, 1.5, (1, 2), frozenset({1})])
def test_what_can_be_hashed_is_an_id(value: Any) -> None:
    assert as_id(value) is value


@pytest.mark.parametrize("value", [None, True, False, [1], {"a": 1}, "text".upper, ([],)])
def test_what_cannot_be_an_id_is_none(value: Any) -> None:
    assert as_id(value) is None


# Filling in.


@pytest.mark.parametrize("form", FORMS)
def test_a_field_is_filled_into_a_copy(form: Any) -> None:
    message = form(op="x")
    before = copy.deepcopy(message)
    filled = fill(message, ("id",), 7)
    assert message == before
    assert type(filled) is type(message)
    assert read(filled, ("id",)) == 7
    assert read(filled, ("op",)) == "x"


def test_any_mapping_becomes_a_dict() -> None:
    assert fill(proxy(op="x"), ("id",), 7) == {"op": "x", "id": 7}


def test_what_is_nested_is_copied_too_and_made_where_it_lacks() -> None:
    message: dict[str, Any] = {"meta": {"other": 1}}
    assert fill(message, ("meta", "req"), 7) == {"meta": {"other": 1, "req": 7}}
    assert message == {"meta": {"other": 1}}
    assert fill({}, ("a", "b", "c"), 7) == {"a": {"b": {"c": 7}}}
    assert fill({"meta": Meta()}, ("meta", "req"), 7) == {"meta": Meta(7)}
    assert fill(Nested(), ("meta", "req"), 7) == Nested(meta={"req": 7})


@settings(deadline=None)
@given(st.dictionaries(st.text(), values), st.lists(st.text(), min_size=1, max_size=3))
def test_what_was_filled_in_is_read(message: dict[str, Any], path: list[str]) -> None:
    before = copy.deepcopy(message)
    inner: Any = message
    for name in path[:-1]:
        inner = inner.get(name) if isinstance(inner, dict) else inner
    if inner is None or isinstance(inner, dict):
        filled = fill(message, tuple(path), 7)
        assert read(filled, tuple(path)) == 7
        assert filled.keys() == {*before, path[0]}
    else:  # something stands where the path goes through
        with pytest.raises(TypeError, match="has no place for an id"):
            fill(message, tuple(path), 7)
    assert message == before


@pytest.mark.parametrize("message", ["text", ["list"], 7, None, SimpleNamespace(), Bare(), Meta()])
def test_a_message_without_a_place_for_an_id_is_refused(message: Any) -> None:
    with pytest.raises(TypeError, match=r"id"):
        replace(message, {"id": 7})


def test_the_refusal_tells_what_to_do() -> None:
    with pytest.raises(TypeError, match=r"str has no place for an id .* yourself \(meta\), or use"):
        fill("text", ("meta", "id"), 7)


# Arrays.


@pytest.mark.parametrize(
    ("message", "found"),
    [([1, 2], 2), ((1, 2), 2), ([1], None), ("ab", None), (b"ab", None), ({1: 2}, None), (7, None)],
)
def test_members_of_arrays(message: Any, found: Any) -> None:
    assert member(message, 1) == found


def test_the_forms_differ_in_what_is_not_set() -> None:
    assert Struct("x").id is None
    assert Unset("x").id is msgspec.UNSET
