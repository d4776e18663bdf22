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
