"""The conformance suite for adapters: the contract of `wsengine.adapter`, as checks.

    await check_adapter(MyAdapter())              # all, against a server of its own
    await run_check("receives_text", MyAdapter)   # one, by its name in CHECKS

Each check is one clause: a function whose docstring states it. To add one, write it into the
module of its chapter, or into a new one that `catalogue` lists.
"""

from .catalogue import CHECKS
from .probe import UnixSource
from .registry import Check, CheckFailed, CheckSkipped
from .report import ConformanceError, Report
from .runner import AdapterSource, check_adapter, run_check

__all__ = [
    "CHECKS",
    "AdapterSource",
    "Check",
    "CheckFailed",
    "CheckSkipped",
    "ConformanceError",
    "Report",
    "UnixSource",
    "check_adapter",
    "run_check",
]
