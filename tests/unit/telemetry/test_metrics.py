"""Observing tallies: engines come and go, and do not collide."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from opentelemetry import metrics
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from wsengine.telemetry.metrics import SAMPLES, Instruments, instruments_of, is_recorded
from wsengine.telemetry.names import METRICS
from wsengine.telemetry.tally import Tally

from .told import Told


class Owner:
    """Stands for an engine."""

    def __init__(self, instruments: Instruments, name: str, dials: int) -> None:
        self.tally = Tally(name)
        self.tally.opened += dials
        instruments.register(self.tally, self)


@pytest.fixture
def told() -> Iterator[Told]:
    yield Told()
    gc.collect()


def dials(told: Told) -> dict[str, int]:
    data = told.reader.get_metrics_data()
    assert data is not None
    return {
        str((point.attributes or {})["wsengine.engine.name"]): int(getattr(point, "value", 0))
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == "websocket.client.dials"
        for point in metric.data.data_points
    }


def test_every_observed_metric_has_its_samples() -> None:
    observed = {metric for metric in METRICS if metric.kind != "histogram"}
    assert set(SAMPLES) == observed


def test_engines_of_one_name_are_added_up(told: Told) -> None:
    instruments = instruments_of(told.meters, "1")
    owners = [Owner(instruments, "a", 1), Owner(instruments, "a", 2), Owner(instruments, "b", 5)]
    assert dials(told) == {"a": 3, "b": 5}
    assert len(owners) == 3


def test_a_counter_never_falls_when_an_engine_is_gone(told: Told) -> None:
    instruments = instruments_of(told.meters, "1")
    owners = [Owner(instruments, "a", number) for number in range(10)]
    assert dials(told) == {"a": 45}
    owners.clear()
    gc.collect()
    assert dials(told) == {"a": 45}
    again = Owner(instruments, "a", 1)
    assert dials(told) == {"a": 46}
    assert told.value("engines", wsengine__engine__state="idle") == 1
    del again


def test_the_instruments_of_a_provider_are_made_once(told: Told) -> None:
    assert instruments_of(told.meters, "1") is instruments_of(told.meters, "1")
    other = MeterProvider([InMemoryMetricReader()])
    assert instruments_of(other, "1") is not instruments_of(told.meters, "1")


def test_the_global_provider_has_instruments_of_its_own() -> None:
    assert instruments_of(None, "1") is instruments_of(metrics.get_meter_provider(), "1")


def test_the_providers_of_the_api_record_nothing(told: Told) -> None:
    assert is_recorded(told.meters)
    assert not is_recorded(NoOpMeterProvider())
    assert not is_recorded(None)
