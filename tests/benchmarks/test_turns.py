"""Several contestants in one process: one at a time, part by part."""

from __future__ import annotations

import asyncio

import pytest
from benchmarks.amount import Amount, Sample, whole
from benchmarks.turns import TURNS, Baton, in_turns

done: list[tuple[str, int]] = []


async def work(url: str, amount: Amount) -> Sample:
    """Note each part, and leave the others time to disturb."""
    samples: list[Sample] = []
    for part in amount.parts():
        done.append((url, part))
        await asyncio.sleep(0.001)
        assert done[-1] == (url, part), "somebody else worked meanwhile"
        samples.append({"count": part, "seconds": 0.5, "per_second": len(samples)})
    return whole(samples)


def test_they_take_turns_and_none_works_with_another() -> None:
    done.clear()
    amount = Amount(120)
    samples = in_turns([(work, name, amount) for name in "abc"], asyncio.new_event_loop)
    assert done == [(name, part) for part in (12, *[120 // TURNS] * TURNS) for name in "abc"]
    median = (TURNS + 1) / 2
    assert samples == [{"count": 120, "seconds": TURNS / 2, "per_second": median}] * 3


def test_one_that_fails_fails_all_and_nobody_waits_for_it() -> None:
    async def fail(url: str, amount: Amount) -> Sample:
        for number, _ in enumerate(amount.parts()):
            if number == 3:
                raise ValueError("broken")
        raise AssertionError

    with pytest.raises(ValueError, match="broken"):
        in_turns([(work, "a", Amount(120)), (fail, "b", Amount(120))], asyncio.new_event_loop)


def test_turns_that_do_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.turns.PATIENCE", 0.01)
    baton = Baton(2)
    baton.take(0)
    with pytest.raises(TimeoutError, match="does not end its turn"):
        baton.take(1)
    with pytest.raises(TimeoutError, match="does not come"):
        baton.meet()


def test_one_that_hangs_keeps_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(url: str, amount: Amount) -> Sample:
        for _ in amount.parts():
            await asyncio.sleep(1.0)  # far longer than the others wait
        raise AssertionError

    monkeypatch.setattr("benchmarks.turns.PATIENCE", 0.1)
    with pytest.raises(TimeoutError, match="does not end its turn"):
        in_turns([(work, "a", Amount(120)), (hang, "b", Amount(120))], asyncio.new_event_loop)


def test_the_whole_is_the_median_of_its_parts_without_the_warm_up() -> None:
    parts = [{"count": 1.0, "seconds": 1.0, "p50_us": p50} for p50 in (99.0, 1.0, 5.0, 2.0)]
    assert whole(parts) == {"count": 3.0, "seconds": 3.0, "p50_us": 2.0}
