"""Every adapter keeps every clause of the contract, except what its library cannot do."""

from __future__ import annotations

import pytest

from wsengine.testing import CHECKS, CheckSkipped, run_check
from wsengine.testing.cannot import CANNOT

from .conftest import ADAPTERS, UNIX

MACHINE = ("this machine", "pip install")
"""What a reason says that is no adapter's: an address family, or a library, is missing."""


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_keeps_the_contract(adapter: str, check: str) -> None:
    reason = CANNOT[adapter].get(check)
    try:
        await run_check(check, ADAPTERS[adapter], cannot=reason, unix=UNIX[adapter])
    except CheckSkipped as why:
        if reason is None and not any(words in str(why) for words in MACHINE):
            pytest.fail(f"skipped, but not in CANNOT: {why}")
        pytest.skip(str(why))
