"""What the engine should reach: at least, where more is better; at most, where less is.

They are for a burst of 32-byte binary messages, unless their name says otherwise. A contestant
without an entry in `BURST` is compared with its bare loop, for information.
"""

from __future__ import annotations

from typing import Final

from .contestant import Beside

BURST: Final = {
    "picows-async-1": (Beside("picows-bare", {"per_second": 0.55}),),
    "picows-def-1": (Beside("picows-bare", {"per_second": 0.72}),),
    "picows-async-4": (
        Beside("picows-bare", {"per_second": 0.40}),
        Beside("websockets-bare", {"per_second": 5.0}),
        Beside("aiohttp-bare", {"per_second": 1.3}),
    ),
    "websockets-async-4": (Beside("websockets-bare", {"per_second": 0.9}),),
    "aiohttp-async-4": (Beside("aiohttp-bare", {"per_second": 0.7}),),
}

ROUND_TRIP: Final = {"p50_us": 1.07, "p99_us": 1.2}
"""Beside the bare library, on each of the adapters."""

REQUEST: Final = {"p50_us": 1.15}
"""Beside a ping-pong by hand with the same bytes, on the connection of each adapter."""

TYPED: Final = {"per_second": round(1 / 1.05, 3)}
"""At most 1.05 times as long as when the handler decodes the message itself."""

SUSPENDING: Final = {"per_second": 1.5}
"""Four workers beside a task per message."""

METRICS: Final = {"per_second": 0.97}
"""Beside the engine without telemetry."""

SPANS: Final = {"per_second": 0.87}
"""Beside a program that makes the same spans by hand."""

IDLE: Final = {"kib": 12.0}
"""KiB of a session more than the bare library's connection."""

STORM: Final = {"peak_share": 0.5}
"""Of all clients, how many dial within one second of a server that is back."""

MEMORY: Final = {"growth_mib": 2.0}
