"""A recovery that is too slow is found, however many faults there are meanwhile."""

from __future__ import annotations

import asyncio
import dataclasses
import random

import pytest
from chaos.client import Client
from chaos.recovering import GIVEN_UP, PREVENTS, SLOWED, SLOWS, Recovery
from chaos.settings import POLICY, SLACK, config, slowest_recovery

from wsengine import EngineState, StateChange
from wsengine.testing import FaultCounts

from .tools import Pretender, only_violation, pretending

CONFIG = config("c", 1)
BOUND = slowest_recovery(CONFIG)
PREVENTED = CONFIG.open_timeout + GIVEN_UP + POLICY.max_delay


class Away:
    """An engine that is away from 100 s on, and its proxy."""

    def __init__(self) -> None:
        self.now = 100.0
        self.counts = FaultCounts()
        self.recovery = Recovery(CONFIG, lambda: dataclasses.replace(self.counts), lambda: self.now)
        self.recovery.begins()

    def dials(self, fault: str | None = None, *, lasts: float) -> None:
        """Dial; a fault comes then, if any."""
        self.recovery.dials()
        self.strikes(fault)
        self.now += lasts

    def strikes(self, fault: str | None) -> None:
        if fault is not None:
            setattr(self.counts, fault, getattr(self.counts, fault) + 1)


@pytest.fixture
def away() -> Away:
    return Away()


def test_the_names_are_those_of_the_proxy() -> None:
    assert {*PREVENTS, *SLOWS} < set(FaultCounts.__slots__)


@pytest.mark.parametrize("fault", ["split", "bytes_up", "connections", None])
def test_what_is_harmless_costs_nothing(away: Away, fault: str | None) -> None:
    for _ in range(20):
        away.dials(fault, lasts=0.1)
    assert away.recovery.taken == away.recovery.away == pytest.approx(2.0)


@pytest.mark.parametrize("fault", PREVENTS)
def test_a_dial_that_was_prevented_does_not_count_as_far_as_it_may(away: Away, fault: str) -> None:
    away.dials(fault, lasts=2.0)
    assert away.recovery.taken == pytest.approx(0.0)
    away.dials(fault, lasts=10.0)
    assert away.recovery.taken == pytest.approx(10.0 - PREVENTED)
    away.dials(lasts=1.0)
    assert away.recovery.taken == pytest.approx(11.0 - PREVENTED)


@pytest.mark.parametrize("fault", SLOWS)
def test_a_dial_that_was_slowed_down_counts_less(away: Away, fault: str) -> None:
    away.dials(fault, lasts=0.5)
    assert away.recovery.taken == pytest.approx(0.0)
    away.dials(fault, lasts=2.0)
    away.strikes(fault)
    assert away.recovery.taken == pytest.approx(2.0 - SLOWED)


def test_faults_that_overlap_cost_the_dial_once(away: Away) -> None:
    for fault in (*PREVENTS, *SLOWS):
        away.strikes(fault)
    away.dials("held", lasts=0.5)
    for fault in (*PREVENTS, *SLOWS):
        away.strikes(fault)
    away.recovery.server_goes()
    away.recovery.server_comes()
    assert away.recovery.taken == pytest.approx(0.0)
    away.now += 60.0
    assert away.recovery.taken == pytest.approx(60.5 - PREVENTED)


def test_a_fault_before_the_first_dial_costs_nothing(away: Away) -> None:
    away.strikes("cut_rst")
    away.now += 3.0
    away.recovery.is_spoilt()
    assert away.recovery.taken == pytest.approx(3.0)
    away.dials(lasts=1.0)
    assert away.recovery.taken == pytest.approx(4.0)


def test_dials_while_the_server_is_away_do_not_count(away: Away) -> None:
    away.dials(lasts=0.5)
    away.recovery.server_goes()  # under that dial
    away.dials(lasts=0.6)
    away.dials(lasts=0.6)
    away.recovery.server_comes()
    assert away.recovery.taken == pytest.approx(0.0)
    away.dials(lasts=0.5)
    assert away.recovery.taken == pytest.approx(0.5)


def test_a_time_begins_anew(away: Away) -> None:
    away.dials("held", lasts=9.0)
    away.dials(lasts=1.0)
    away.recovery.begins()
    assert away.recovery.away == away.recovery.taken == 0.0


def slowest(seed: int, *, delay: float) -> float:
    """Return the longest time of an engine whose dials take as long as they may, under fire."""
    chance, life = random.Random(seed), Away()
    most = 0.0
    while life.now < 3600:
        life.now += CONFIG.stop_timeout + delay
        opens = False
        while not opens:
            fault = chance.choice([*PREVENTS, *SLOWS, "split", "split"])
            opens = fault not in PREVENTS
            lasts = 0.1 + (CONFIG.open_timeout + 0.1 + delay) * (not opens)
            life.dials(fault, lasts=lasts + (0.7 if fault in SLOWS else 0.0))
            most = max(most, life.recovery.taken)
        life.recovery.begins()
    return most


@pytest.mark.parametrize("seed", range(5))
def test_under_constant_fire_the_policy_is_enough_and_no_more_than_that(seed: int) -> None:
    assert slowest(seed, delay=POLICY.max_delay) <= BOUND - SLACK
    assert slowest(seed, delay=6.0) > BOUND


# The client, as it is watched.


def follow(client: Client, *states: EngineState) -> None:
    """Have it see these states."""
    for state in states:
        client._follow(StateChange(client._state, state, "so it is"))


async def test_an_engine_that_stays_away_is_found_between_harmless_faults() -> None:
    pretender = Pretender()
    client = pretending(pretender)
    await client.start()
    pretender.state = EngineState.WAITING
    for _ in range(round(BOUND / 0.1) - 1):
        client.fault_begins("split for 0.05 s")
        await asyncio.sleep(0.1)
        client.check_in_time()
    assert client.findings.violations == []
    await asyncio.sleep(0.2)
    client.check_in_time()
    assert "not open, but waiting, 6.8 s after the loss or start" in only_violation(client)


async def test_an_engine_that_is_back_too_late_is_found() -> None:
    pretender = Pretender()
    client = pretending(pretender)
    await client.start()
    for late in (False, True):
        await asyncio.sleep(0.5)
        follow(client, EngineState.CLOSING, EngineState.WAITING, EngineState.OPENING)
        await asyncio.sleep(BOUND - 1 + 2 * late)
        follow(client, EngineState.OPEN)
        assert bool(client.findings.violations) == late
    assert "open only" in only_violation(client)
    assert client.recoveries == 2
    assert client.slowest == pytest.approx(BOUND + 1.5)


async def test_a_restart_moves_nothing_unless_it_ends_a_dial() -> None:
    pretender = Pretender()
    client = pretending(pretender)
    await client.start()
    pretender.state = EngineState.WAITING
    for _ in range(10):
        await asyncio.sleep(1.0)
        client.restart()
    client.check_in_time()
    assert "10.0 s after the loss or start" in only_violation(client)


async def test_an_engine_that_is_not_wanted_has_all_the_time() -> None:
    pretender = Pretender()
    client = pretending(pretender)
    await client.start()
    await client.stop()
    await asyncio.sleep(3600)
    client.check_in_time()
    assert client.findings.violations == []
