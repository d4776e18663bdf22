"""What the adapters of wsengine cannot do: clauses of the contract, each with the reason.

    await check_adapter("aiohttp", cannot=CANNOT["aiohttp"])

Every entry is run all the same: `check_adapter` fails where one passes after all.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .conformance import CHECKS

_NATIVELY = tuple(name for name, check in CHECKS.items() if check.natively)

_MEASURES_FRAMES = "the library holds the compressed message to the bound, too"

CANNOT: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "websockets": {"inflates_noise_up_to_the_bound": _MEASURES_FRAMES},
        "aiohttp": {
            "inflates_noise_up_to_the_bound": _MEASURES_FRAMES,
            "refuses_masked_frames": "aiohttp takes masked frames from a server",
            **dict.fromkeys(
                (*_NATIVELY, "translates_only_the_end"),
                "aiohttp's own receive() breaks clauses of the contract, so it is not handed out",
            ),
        },
        "picows": {
            "refuses_reserved_bits_on_a_pong": "picows does not look at the bits of a pong",
            "hears_the_first_close_frame_only": (
                "picows parses ahead: it answers two close frames in one packet with 1002"
            ),
        },
    }
)
"""By the adapter's name, then by that of the check."""
