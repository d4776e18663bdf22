"""The conformance suite is not blind: for each check there is an adapter that it catches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from wsengine.testing import CHECKS, CheckFailed, CheckSkipped, run_check

from . import saboteurs as wrong
from . import saboteurs_closing as amiss
from . import saboteurs_messages as spoilt
from .saboteurs import WrappedAdapter, optioning, wrapping

SABOTEURS: dict[str, Callable[[], Any]] = {
    "describes_the_handshake": wrapping(wrong.TitledHeaders),
    "asks_for_the_target": wrong.DropsTheQuery,
    "sends_the_headers": optioning(headers={}),
    "negotiates_the_subprotocol": wrapping(wrong.NoSubprotocol),
    "offers_no_subprotocol": optioning(subprotocols=("unasked",)),
    "tells_why_it_was_refused": wrong.LosesRetryAfter,
    "refuses_garbage": wrong.NeverFails,
    "refuses_a_wrong_handshake": wrong.NeverFails,
    "tells_that_nobody_listens": wrong.NeverFails,
    "a_cancelled_connect_leaves_nothing": wrong.ShieldsTheDial,
    "connections_are_independent": wrong.SharesOne,
    "goes_through_a_proxy": wrong.IgnoresThePort,
    "tells_that_the_proxy_refused": wrong.NeverFails,
    "receives_text": wrapping(spoilt.TextAsBytes),
    "receives_binary": wrapping(spoilt.BinaryAsText),
    "receives_every_size": wrapping(spoilt.Chops),
    "receives_16_mib": optioning(max_message_size=1_000_000),
    "receives_a_burst_in_order": wrapping(spoilt.Swaps),
    "receives_fragments_as_one": wrapping(spoilt.Chops),
    "answers_a_ping_between_fragments": partial(WrappedAdapter, create_connection=amiss.NoPongs),
    "receives_byte_by_byte": wrapping(spoilt.Chops),
    "receives_what_came_with_the_handshake": wrapping(spoilt.Swaps),
    "cancelled_receives_lose_nothing": wrapping(spoilt.LosesOnCancel),
    "timed_out_receives_lose_nothing": wrapping(spoilt.LosesOnCancel),
    "cancelled_receives_keep_the_close": wrapping(spoilt.LosesOnCancel),
    "offers_compression": optioning(compression=None),
    "offers_no_compression": optioning(compression="deflate"),
    "talks_compressed": wrapping(spoilt.SendsLess),
    "receives_uncompressed_where_compression_is_agreed": wrapping(spoilt.Chops),
    "talks_plainly_where_compression_is_declined": wrapping(spoilt.SendsLess),
    "refuses_a_message_that_inflates_too_big": optioning(max_message_size=None),
    "refuses_a_message_too_big": optioning(max_message_size=1001),
    "receives_any_size_without_a_bound": optioning(max_message_size=16 * 1024 * 1024),
    "refuses_text_that_is_not_utf8": wrapping(spoilt.BlamesTheServer),
    "refuses_what_breaks_the_protocol": wrapping(spoilt.WrongCode),
    "sends_text": wrapping(spoilt.SendsLess),
    "sends_bytes_like": wrapping(spoilt.SendsViewsAsText),
    "sends_every_size": wrapping(spoilt.SendsLess),
    "sends_16_mib": wrapping(spoilt.SendsLess),
    "sends_concurrently": wrapping(spoilt.SendsLess),
    "sends_in_order": wrapping(spoilt.SendsBackwards),
    "refuses_text_without_utf8": wrapping(spoilt.SendsQuestionMarks),
    "send_waits_for_the_server": wrapping(spoilt.SendsInTheBackground),
    "blocked_send_ends_with_the_connection": wrapping(spoilt.SwallowsLostSends),
    "unread_messages_push_back": partial(WrappedAdapter, max_queue=None),
    "ping_returns_the_round_trip": wrapping(amiss.PingsInMilliseconds),
    "pings_run_concurrently": wrapping(amiss.PingsAlike),
    "a_pong_answers_earlier_pings": wrapping(amiss.PingsOneByOne),
    "a_cancelled_ping_gives_up_only_itself": wrapping(amiss.DiesOfACancelledPing),
    "pings_end_with_the_connection": wrapping(amiss.PingsOutliveTheConnection),
    "a_pong_out_of_nowhere_is_ignored": wrapping(spoilt.Chops),
    "answers_pings_while_a_receive_waits": partial(WrappedAdapter, create_connection=amiss.NoPongs),
    "tells_how_the_server_closed": wrapping(spoilt.WrongCode),
    "tells_of_a_close_without_code": wrapping(spoilt.WrongCode),
    "receives_what_came_before_the_close": wrapping(spoilt.Swaps),
    "hears_a_close_that_came_with_the_handshake": wrapping(spoilt.Swaps),
    "does_not_wait_for_ever_for_the_end_of_tcp": partial(
        WrappedAdapter, create_connection=ClientConnection
    ),
    "tells_of_a_reset": wrapping(spoilt.WrongCode),
    "tells_of_an_end_of_file": wrapping(spoilt.WrongCode),
    "drops_a_message_that_was_cut_off": wrapping(spoilt.Swaps),
    "nothing_works_after_the_end": wrapping(amiss.RaisesWhenClosed),
    "closes_with_code_and_reason": wrapping(amiss.ClosesWithoutReason),
    "keeps_its_own_close": wrapping(spoilt.BlamesTheServer),
    "closes_once": wrapping(amiss.ClosesTwice),
    "close_wakes_a_receive": wrapping(spoilt.NeverEnds),
    "close_passes_unread_messages": wrapping(amiss.ClosesSlowly),
    "a_cancelled_close_cuts_off": wrapping(amiss.ClosesAsTheLibraryDoes),
    "close_does_not_wait_for_ever_for_an_answer": partial(WrappedAdapter, close_timeout=None),
    "close_does_not_wait_for_ever_to_send": wrapping(amiss.ClosesAsTheLibraryDoes),
    "closes_what_is_lost": wrapping(amiss.RaisesOnALostConnection),
    "shows_the_librarys_object": wrapping(amiss.AlwaysAnotherNative),
    "translates_only_the_end": wrapping(amiss.TranslatesAnything),
}

SABOTEURS |= {
    name: SABOTEURS[check.function.__name__] for name, check in CHECKS.items() if check.natively
}

LIMIT = 1.0
"""Seconds, instead of what the checks have: some of them notice only that nothing happens."""


def test_there_is_a_saboteur_for_every_check() -> None:
    assert set(SABOTEURS) == set(CHECKS)


@pytest.mark.parametrize("check", CHECKS)
async def test_a_saboteur_is_caught(check: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        await run_check(check, SABOTEURS[check], limit=LIMIT)
    assert caught.value.name == check
    assert caught.value.clause == CHECKS[check].clause
    assert caught.value.expected
    assert caught.value.happened


@pytest.mark.parametrize("check", CHECKS)
async def test_the_wrapping_alone_does_no_harm(check: str) -> None:
    await run_check(check, WrappedAdapter)


@pytest.mark.parametrize(
    ("saboteur", "check"),
    [
        (spoilt.ReadsAhead, "cancelled_receives_lose_nothing"),
        (spoilt.BlamesTheServer, "closes_with_code_and_reason"),
        (amiss.ClosesTwice, "nothing_works_after_the_end"),
    ],
)
async def test_other_saboteurs_are_caught_too(saboteur: Any, check: str) -> None:
    with pytest.raises(CheckFailed):
        await run_check(check, wrapping(saboteur), limit=LIMIT)


async def test_a_task_left_behind_is_caught() -> None:
    left: list[asyncio.Task[None]] = []
    with pytest.raises(CheckFailed, match="no task is left running"):
        await run_check("receives_text", wrapping(partial(amiss.LeavesATask, left)))
    assert len(left) == 1
    left[0].cancel()


async def test_native_checks_are_skipped_for_connections_without_native_receive() -> None:
    with pytest.raises(CheckSkipped, match="native_receive"):
        await run_check("native_receives_text", wrapping(wrong.plain))
