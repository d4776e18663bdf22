"""Retry-After: whatever stands there, it is a number of seconds or nothing."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from wsengine import ConnectError, Retry
from wsengine.reconnect import default_classify
from wsengine.refusals import parse_retry_after

from .budget import examples

NOW = datetime(2026, 2, 28, 12, 0, 0, tzinfo=UTC)

header_text = st.text(st.characters(max_codepoint=255), max_size=60)
dates = st.from_regex(
    r"[A-Z][a-z]{2}, -?[0-9]{1,4} [A-Z][a-z]{2} -?[0-9]{1,9} [0-9]{1,3}:[0-9]{2}:[0-9]{2} "
    r"(GMT|[+-][0-9]{4,9}|[A-Z]{1,5})",
    fullmatch=True,
)
values = st.one_of(header_text, dates, st.integers(-(10**400), 10**400).map(str))


@examples(300)
@given(values)
@example("9" * 308)
@example("9" * 5000)
@example("²")
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
def test_it_is_a_number_of_seconds_or_nothing(value: str) -> None:
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)
    error = ConnectError("refused", status=503, retry_after=seconds)
    assert isinstance(default_classify(error), Retry)
