"""The plan of a chaos run comes from its seed, and from nothing else."""

from __future__ import annotations

import itertools
import statistics

from chaos.plan import FAULTS, LASTS, OPERATIONS, Step, digest, kills, steps
from chaos.settings import Settings


def first(count: int, seed: int = 1, client: str = "picows-8", every: float = 2.0) -> list[Step]:
    return list(itertools.islice(steps(seed, client, every), count))


def test_the_same_seed_has_the_same_steps() -> None:
    assert first(500) == first(500)
    assert first(500) != first(500, seed=2)
    assert first(500) != first(500, client="picows-1")
    assert list(itertools.islice(kills(1, 5.0), 20)) == list(itertools.islice(kills(1, 5.0), 20))


def test_a_plan_has_a_name_of_its_own() -> None:
    names = [name for name, _, _ in Settings(seed=1).clients]
    assert digest(1, names, 2.0) == digest(1, names, 2.0)
    assert len({digest(1, names, 2.0), digest(2, names, 2.0), digest(1, names, 3.0)}) == 3


def test_everything_comes_and_nothing_else() -> None:
    kinds = {step.kind for step in first(3000)}
    assert kinds == FAULTS.keys() | OPERATIONS.keys()
    assert {step.kind for step in first(3000) if step.is_fault} == FAULTS.keys()


def test_what_lasts_does_so_within_its_bounds() -> None:
    for step in first(3000):
        least, most = LASTS.get(step.kind, (0.0, 0.0))
        assert least <= step.lasts <= most
        assert step.wait >= 0.02


def test_faults_come_about_as_often_as_they_should() -> None:
    taken = first(5000)
    seconds = sum(step.wait + step.lasts for step in taken)
    faults = sum(step.is_fault for step in taken)
    assert 1.6 <= seconds / faults <= 2.6
    assert 3 <= statistics.mean(kill.wait for kill in itertools.islice(kills(1, 5.0), 200)) <= 7


def test_every_adapter_is_there_with_one_worker_and_with_many() -> None:
    clients = Settings(seed=1, copies=2).clients
    assert len(clients) == 12 == len({name for name, _, _ in clients})
    assert {(adapter, workers) for _, adapter, workers in clients} == {
        (adapter, workers) for adapter in ("websockets", "aiohttp", "picows") for workers in (1, 8)
    }
