"""Strategies for what JSON can hold, and for what is nearly JSON."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.one_of(
    st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False, width=64)
)
scalars = st.one_of(st.none(), st.booleans(), numbers, text)


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.lists(inner, max_size=4), st.dictionaries(text, inner, max_size=4))


json_values = st.recursive(scalars, _nested, max_leaves=12)
"""Anything that JSON can hold."""

_PIECES = ['{"', '"', "{", "}", "[", "]", ":", ",", "null", "NaN", "1e999", "-", "\\u", "\\ud800"]

nearly_json = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=60),
    st.lists(st.one_of(st.sampled_from(_PIECES), text), max_size=12).map("".join),
    st.integers(1, 3000).map(lambda depth: "[" * depth),
)
"""Messages, text or binary, of which few can be decoded."""
