"""Tables of the documentation, made from the code that they describe."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Sequence
from typing import Any

from wsengine import errors
from wsengine.adapter import CLOSE_TIMEOUT
from wsengine.bounds import StopSchedule
from wsengine.config import EngineConfig
from wsengine.reconnect import ReconnectPolicy, default_classify
from wsengine.states import TRANSITIONS
from wsengine.telemetry.names import METRICS, Metric
from wsengine.testing import CHECKS
from wsengine.testing.cannot import CANNOT


def transitions() -> str:
    """Return the table of the transitions."""
    rows = [
        (f"`{before.name}`", f"`{after.name}`", why) for (before, after), why in TRANSITIONS.items()
    ]
    return table(("from", "to", "when"), rows)


def stop_schedule() -> str:
    """Return the table of the moments by which the steps of a stop are over."""
    seconds = EngineConfig().stop_timeout
    schedule, shares = StopSchedule(0.0, seconds), StopSchedule(0.0, 100.0)
    cancelled = f"cancelled; {schedule.grace:g} s later left behind"
    cut_off = f"cut off; so it is {CLOSE_TIMEOUT:g} s after `on_close` at the latest"
    steps = (
        ("`on_message` and `on_read_error` that have begun", "handlers", cancelled),
        ("`on_close`", "on_close", cancelled),
        ("the exchange of close frames", "close_frames", cut_off),
        ("`on_close_error`", "on_close_error", cancelled),
    )
    rows = [
        (what, f"{getattr(shares, name):g} %", f"{getattr(schedule, name):g} s", then)
        for what, name, then in steps
    ]
    return table(("step", "must be over at", f"of {seconds:g} s", "otherwise it is"), rows)


def error_tree() -> str:
    """Return the tree of the errors, as it stands in their module."""
    tree = inspect.cleandoc(errors.__doc__ or "").split("\n\n")[1]
    return f"```text\n{inspect.cleandoc(tree)}\n```"


def reconnect_defaults() -> str:
    """Return a short table of the settings that make the delays."""
    names = ("initial_delay", "factor", "max_delay", "jitter", "min_uptime", "max_attempts")
    meanings = _meanings(ReconnectPolicy)
    policy = ReconnectPolicy()
    rows = [(f"`{name}`", f"`{getattr(policy, name)}`", meanings[name]) for name in names]
    return table(("setting", "default", "meaning"), rows)


def classify() -> str:
    """Return what the default classification says of itself."""
    return inspect.cleandoc(default_classify.__doc__ or "").partition("\n\n")[2]


def fields(cls: type[Any]) -> str:
    """Return the table of the fields of a dataclass: type, default and meaning."""
    meanings = _meanings(cls)
    rows = [
        (f"`{field.name}`", f"`{field.type}`", f"`{_default(field)}`", meanings[field.name])
        for field in dataclasses.fields(cls)
    ]
    return table(("field", "type", "default", "meaning"), rows)


def meanings(cls: type[Any]) -> str:
    """Return the table of the fields of a dataclass without their defaults."""
    rows = [(f"`{name}`", text) for name, text in _meanings(cls).items()]
    return table(("field", "meaning"), rows)


def metrics() -> str:
    """Return the table of the metrics."""
    rows = [
        (
            f"`{metric.name}`",
            _KINDS.get(metric.kind, metric.kind),
            f"`{metric.unit}`",
            ", ".join(f"`{name}`" for name in metric.attributes) or "-",
            metric.meaning,
            f"`{prometheus_name(metric)}`",
        )
        for metric in METRICS
    ]
    return table(("metric", "kind", "unit", "attributes", "meaning", "in Prometheus"), rows)


_KINDS = {"updowncounter": "up-down counter"}


def prometheus_name(metric: Metric) -> str:
    """Return what Prometheus calls a metric: unit and kind are part of the name."""
    unit = {"By": "_bytes", "s": "_seconds"}.get(metric.unit, "")
    name = metric.name.replace(".", "_")
    return f"{name}{unit}{'_total' if metric.kind == 'counter' else ''}"


def capabilities() -> str:
    """Return the table of the clauses of the adapters' contract, and who cannot keep which."""
    adapters = tuple(CANNOT)
    rows: list[tuple[str, ...]] = []
    chapter = ""
    for name, check in CHECKS.items():
        if check.natively:
            continue
        if check.chapter != chapter:
            chapter = check.chapter
            rows.append((f"**{chapter}**", *("" for _ in adapters)))
        clause = inspect.cleandoc(check.function.__doc__ or "").partition("\n")[0]
        rows.append((clause, *(CANNOT[adapter].get(name, "yes") for adapter in adapters)))
    return table(("clause", *(f"`{adapter}`" for adapter in adapters)), [*rows, _natively()])


def _natively() -> tuple[str, ...]:
    """Return the row on reading natively: a second run of many clauses."""
    names = [name for name, check in CHECKS.items() if check.natively]
    cells = []
    for cannot in CANNOT.values():
        reasons = {cannot[name]: None for name in names if name in cannot}
        cells.append("; ".join(reasons) or "yes")
    return (f"{len(names)} of these hold for native_receive and translate(), too.", *cells)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


def _meanings(cls: type[Any]) -> dict[str, str]:
    """Return what the `Args` of a docstring say, by name."""
    _, _, arguments = inspect.cleandoc(cls.__doc__ or "").partition("\nArgs:\n")
    arguments = inspect.cleandoc(arguments.partition("\n\n")[0])
    entries = re.split(r"^(\w+): ", arguments, flags=re.MULTILINE)[1:]
    return {
        name: " ".join(text.split()) for name, text in zip(entries[::2], entries[1::2], strict=True)
    }


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        made = field.default_factory()
        return f"{type(made).__name__}()" if dataclasses.is_dataclass(made) else repr(made)
    if callable(field.default):
        return str(field.default.__name__)
    if isinstance(field.default, int) and field.default >= 1024**2:
        return f"{field.default // 1024**2} * 1024 * 1024"
    return repr(field.default)
