"""docs/telemetry.md lists what an SDK really gets: all of it, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from opentelemetry.trace import SpanKind

from tests.docs.reading import ROOT, table
from wsengine.telemetry import names

from .everything import attribute_names, kind_of, names_of, run_everything
from .seen import Seen

PAGE: Path = ROOT / "docs/telemetry.md"


def listed(cell: str) -> set[str]:
    """Return the names that a cell of a table lists."""
    return set(re.findall(r"[a-z][\w.]+", cell))


async def test_the_metrics_are_those_that_are_exported(seen: Seen) -> None:
    engine = await run_everything(seen)
    exported = {
        (metric.name, kind_of(metric), metric.unit, frozenset(attribute_names(metric)))
        for metric in seen.metrics().values()
    }
    documented = {
        (name, kind, unit, frozenset(listed(attributes) | {names.ENGINE}))
        for name, kind, unit, attributes, *_ in table(PAGE, "metric")
    }
    assert exported == documented
    assert len(exported) == len(names.METRICS)
    assert engine.name == "everything"


async def test_their_meanings_are_told_to_the_sdk_as_well(seen: Seen) -> None:
    engine = await run_everything(seen)
    exported = {metric.name: metric.description or "" for metric in seen.metrics().values()}
    meanings = {row[0]: row[4] for row in table(PAGE, "metric")}
    assert {name: text.replace("`", "") for name, text in exported.items()} == {
        name: text.replace("`", "") for name, text in meanings.items()
    }
    assert engine.name == "everything"


async def test_the_spans_are_those_that_are_made(seen: Seen) -> None:
    await run_everything(seen)
    made = {
        (
            name,
            seen.named(name)[0].kind.name,
            frozenset(names_of(seen.named(name)) - of_errors(name)),
        )
        for name in {span.name.removeprefix("websocket ") for span in seen.spans}
    }
    documented = {
        (name.removeprefix("websocket "), kind, frozenset(listed(attributes) | {names.ENGINE}))
        for name, kind, _, attributes in table(PAGE, "span")
    }
    assert made == documented
    assert {kind for _, kind, _ in documented} <= {kind.name for kind in SpanKind}


def of_errors(name: str) -> set[str]:
    """Return what the span of any callback has where it raised: it is told below the table."""
    return {names.ERROR_TYPE} if name.startswith("on_") else set()


async def test_where_a_span_belongs_is_as_documented(seen: Seen) -> None:
    await run_everything(seen)
    by_id = {span.context.span_id: span.name for span in seen.spans}
    documented = {row[0]: row[2] for row in table(PAGE, "span")}
    for span in seen.spans:
        belongs = documented[span.name]
        if span.parent is None:
            rootless = ("none", "caller", "worker")
            assert any(word in belongs for word in rootless), f"{span.name}: {belongs}"
        elif span.name not in ("websocket send", "websocket ping"):
            parent = by_id[span.parent.span_id].removeprefix("websocket ")
            assert parent in belongs, f"{span.name} below {parent}: {belongs}"
        linked = {by_id[link.context.span_id] for link in span.links}
        assert linked <= {"websocket dial"}
        assert bool(linked) == ("linked to the dial" in belongs), f"{span.name}: {belongs}"


async def test_nothing_secret_is_told(seen: Seen) -> None:
    engine = await run_everything(seen)
    told = "".join(span.to_json() for span in seen.spans)
    told += "".join(metric.to_json() for metric in seen.metrics().values())
    assert "test.invalid" in told
    for secret in ("password", "secret", "user:", "token=s"):
        assert secret not in told
    assert engine.name == "everything"
