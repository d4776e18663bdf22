"""Tools for testing endpoints, engines and adapters, without a network where none is needed.

- `ScriptedAdapter` stands in for the network: connections do what a script tells them.
- `RecordingEndpoint` stands in for your endpoint: it remembers every callback.
- `check_adapter` holds an adapter of yours against the contract of `wsengine.adapter`;
  `wsengine.testing.cannot.CANNOT` has what those of wsengine cannot do.
- `FaultProxy` stands between an engine and a real server, and cuts, delays, holds or changes what
  passes.
- `wsengine.testing.rawserver.RawServer` is a real server that sends any bytes you like.
- `wsengine.testing.proxies` has an HTTP and a SOCKS 5 proxy, `wsengine.testing.certificates` an
  authority for servers that speak TLS.
"""

from .conformance import (
    CHECKS,
    Check,
    CheckFailed,
    CheckSkipped,
    ConformanceError,
    Report,
    UnixSource,
    check_adapter,
    run_check,
)
from .faultproxy import FaultProxy
from .faultproxy_conditions import Conditions, FaultCounts
from .recording import Call, RecordingEndpoint
from .script import Accept, CloseWith, Delay, Hang, Lose, ReadFails, Refuse
from .scripted import ScriptedAdapter, ScriptedConnection

__all__ = [
    "CHECKS",
    "Accept",
    "Call",
    "Check",
    "CheckFailed",
    "CheckSkipped",
    "CloseWith",
    "Conditions",
    "ConformanceError",
    "Delay",
    "FaultCounts",
    "FaultProxy",
    "Hang",
    "Lose",
    "ReadFails",
    "RecordingEndpoint",
    "Refuse",
    "Report",
    "ScriptedAdapter",
    "ScriptedConnection",
    "UnixSource",
    "check_adapter",
    "run_check",
]
