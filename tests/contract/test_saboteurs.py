"""The conformance suite is not blind: for each check there is an adapter that it catches."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from wsengine.testing import CHECKS, CheckFailed, CheckSkipped, run_check
from wsengine.testing.cannot import CANNOT

from . import saboteurs as wrong
from . import saboteurs_closing as amiss
from . import saboteurs_messages as spoilt
from . import saboteurs_network as astray
from .saboteurs import WrappedAdapter, optioning, optioning_and_wrapping, wrapping

InflatesFirst = optioning_and_wrapping(spoilt.InflatesFirst, max_message_size=None)

SABOTEURS: dict[str, Callable[[], Any]] = {
    "describes_the_handshake": wrapping(wrong.TitledHeaders),
    "asks_for_the_target": wrong.DropsTheQuery,
    "sends_the_headers": optioning(headers={}),
    "negotiates_the_subprotocol": wrapping(wrong.NoSubprotocol),
    "offers_no_subprotocol": optioning(subprotocols=("unasked",)),
    "tells_why_it_was_refused": wrong.LosesRetryAfter,
    "refuses_garbage": wrong.NeverFails,
    "refuses_a_wrong_handshake": wrong.NeverFails,
    "refuses_an_odd_handshake": wrong.NeverFails,
    "tells_that_nobody_listens": wrong.NeverFails,
    "a_cancelled_connect_leaves_nothing": wrong.ShieldsTheDial,
    "connections_are_independent": wrong.SharesOne,
    "does_not_follow_a_redirect": astray.FollowsRedirects,
    "dials_ipv6": astray.KnowsNoIPv6,
    # Which is left to the library: one address after the other.
    "goes_on_where_an_address_does_not_answer": partial(WrappedAdapter, family=socket.AF_INET),
    "dials_a_unix_socket": WrappedAdapter,  # knows nothing of the path
    "trusts_the_given_authority": optioning(ssl=None),
    "closes_over_tls": wrapping(spoilt.WrongCode),
    "refuses_an_unknown_authority": astray.TrustsAnybody,
    "refuses_a_certificate_of_another_host": astray.IgnoresTheHostName,
    "refuses_an_expired_certificate": astray.TrustsAnybody,
    "shows_the_given_certificate": astray.TrustsAnybody,
    "tells_that_a_certificate_is_missing": wrong.NeverFails,
    "tells_that_a_server_speaks_no_tls": wrong.NeverFails,
    "goes_through_a_proxy": wrong.IgnoresThePort,
    "goes_through_a_proxy_to_tls": astray.TrustsAnybody,
    "tells_a_proxy_user_and_password": astray.ForgetsTheLogin,
    "tells_that_the_proxy_refused": wrong.NeverFails,
    "keeps_headers_from_the_proxy": astray.TellsTheProxyEverything,
    "goes_through_socks5": astray.GoesAroundSocks5,
    "goes_through_socks5_to_tls": astray.IgnoresTheHostName,
    "tells_socks5_user_and_password": astray.ForgetsTheLogin,
    "tells_that_socks5_refused": astray.HidesTheReason,
    "tells_that_no_proxy_is_there": astray.HidesTheReason,
    "a_cancelled_connect_leaves_the_proxy": wrong.ShieldsTheDial,
    "a_cancelled_connect_leaves_socks5": wrong.ShieldsTheDial,
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
    "inflates_up_to_the_bound": optioning(max_message_size=99_999),
    "inflates_noise_up_to_the_bound": optioning(max_message_size=None),
    "refuses_a_message_that_inflates_too_big": optioning(max_message_size=None),
    "refuses_a_fragment_that_inflates_too_big": InflatesFirst,
    "refuses_what_does_not_inflate": wrapping(spoilt.WrongCode),
    "refuses_a_message_too_big": optioning(max_message_size=1001),
    "receives_any_size_without_a_bound": optioning(max_message_size=16 * 1024 * 1024),
    "refuses_text_that_is_not_utf8": wrapping(spoilt.BlamesTheServer),
    "refuses_what_breaks_the_protocol": wrapping(spoilt.WrongCode),
    "refuses_masked_frames": wrapping(spoilt.WrongCode),
    "refuses_close_codes_that_must_not_be_sent": wrapping(spoilt.WrongCode),
    "refuses_a_close_reason_that_is_not_utf8": wrapping(spoilt.WrongCode),
    "refuses_reserved_bits_on_control_frames": wrapping(spoilt.WrongCode),
    "refuses_reserved_bits_on_a_pong": wrapping(spoilt.WrongCode),
    "hears_nothing_after_a_violation": wrapping(spoilt.HearsMore),
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
    "hears_nothing_after_the_close_frame": wrapping(spoilt.HearsMore),
    "hears_the_first_close_frame_only": wrapping(spoilt.WrongCode),
    "hears_a_close_that_came_with_the_handshake": wrapping(spoilt.Swaps),
    "does_not_wait_for_ever_for_the_end_of_tcp": partial(
        WrappedAdapter, create_connection=ClientConnection
    ),
    "tells_of_a_reset": wrapping(spoilt.WrongCode),
    "tells_of_an_end_of_file": wrapping(spoilt.WrongCode),
    "drops_a_message_that_was_cut_off": wrapping(spoilt.Swaps),
    "nothing_works_after_the_end": wrapping(amiss.RaisesWhenClosed),
    "closes_with_code_and_reason": wrapping(amiss.ClosesWithoutReason),
    "refuses_to_send_a_wrong_close": wrapping(amiss.ClosesWithAnything),
    "keeps_its_own_close": wrapping(spoilt.BlamesTheServer),
    "closes_once": wrapping(amiss.ClosesTwice),
    "close_wakes_a_receive": wrapping(spoilt.NeverEnds),
    "close_passes_unread_messages": wrapping(amiss.ClosesSlowly),
    "a_cancelled_close_cuts_off": wrapping(amiss.ClosesAsTheLibraryDoes),
    "close_does_not_wait_for_ever_for_an_answer": partial(WrappedAdapter, close_timeout=None),
    "close_does_not_wait_for_ever_to_send": wrapping(amiss.ClosesAsTheLibraryDoes),
    "closes_behind_a_send_that_waits": wrapping(amiss.ClosesByCuttingOff),
    "closes_what_is_lost": wrapping(amiss.RaisesOnALostConnection),
    "shows_the_librarys_object": wrapping(amiss.AlwaysAnotherNative),
    "translates_only_the_end": wrapping(amiss.TranslatesAnything),
    "offers_each_message_once": wrapping(spoilt.OffersWhatItGives),
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
    saboteur = SABOTEURS[check]
    with pytest.raises(CheckFailed) as caught:
        await run_check(check, saboteur, limit=LIMIT, unix=lambda _: saboteur())
    assert caught.value.name == check
    assert caught.value.clause == CHECKS[check].clause
    assert caught.value.expected
    assert caught.value.happened


@pytest.mark.parametrize("check", CHECKS)
async def test_the_wrapping_alone_does_no_harm(check: str) -> None:
    if check in CANNOT["websockets"]:
        pytest.skip(CANNOT["websockets"][check])

    def unix(path: str) -> WrappedAdapter:
        return WrappedAdapter(unix=True, path=path)

    await run_check(check, WrappedAdapter, unix=unix)


@pytest.mark.parametrize(
    ("saboteur", "check", "because"),
    [
        (wrapping(spoilt.ReadsAhead), "cancelled_receives_lose_nothing", "it still waited"),
        (wrapping(spoilt.BlamesTheServer), "closes_with_code_and_reason", "client_initiated"),
        (wrapping(spoilt.CountsItems), "sends_bytes_like", "it is bytes of length 64"),
        (wrapping(amiss.ClosesTwice), "nothing_works_after_the_end", "closed already"),
        (InflatesFirst, "refuses_a_message_that_inflates_too_big", "is not inflated"),
        (astray.LooksWhereRedirectsLead, "does_not_follow_a_redirect", "clients at the other host"),
        (astray.HidesTheReason, "does_not_follow_a_redirect", "says where to"),
        (astray.HidesTheReason, "refuses_an_unknown_authority", "tells of the certificate"),
        (astray.HidesTheReason, "tells_that_the_proxy_refused", "tells of the proxy"),
        (astray.TellsThePassword, "tells_a_proxy_user_and_password", "without the password"),
        (astray.TellsThePassword, "tells_socks5_user_and_password", "without the password"),
        (optioning(proxy=None), "goes_through_a_proxy", "no exception"),
        (astray.TrustsAnybody, "goes_through_socks5_to_tls", "it is another host"),
    ],
)
async def test_other_saboteurs_are_caught_too(saboteur: Any, check: str, because: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        await run_check(check, saboteur, limit=LIMIT)
    assert because in f"{caught.value.expected}; {caught.value.happened}"


async def test_a_task_left_behind_is_caught() -> None:
    left: list[asyncio.Task[None]] = []
    with pytest.raises(CheckFailed, match="no task is left running"):
        await run_check("receives_text", wrapping(partial(amiss.LeavesATask, left)))
    assert len(left) == 1
    left[0].cancel()


async def test_an_exception_that_nobody_catches_is_caught() -> None:
    with pytest.raises(CheckFailed, match="nothing is reported to the event loop") as caught:
        await run_check("receives_text", wrapping(amiss.RaisesInACallback))
    assert "nobody catches this" in caught.value.happened
    assert asyncio.get_running_loop().get_exception_handler() is None


async def test_native_checks_are_skipped_for_connections_without_native_receive() -> None:
    with pytest.raises(CheckSkipped, match="native_receive"):
        await run_check("native_receives_text", wrapping(wrong.plain))
