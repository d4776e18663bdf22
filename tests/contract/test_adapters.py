"""Every adapter keeps every clause of the contract."""

from __future__ import annotations

import pytest

from wsengine.testing import CHECKS, CheckSkipped, run_check

from .conftest import ADAPTERS, CANNOT


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_keeps_the_contract(adapter: str, check: str) -> None:
    if (adapter, check) in CANNOT:
        pytest.skip(CANNOT[adapter, check])
    try:
        await run_check(check, ADAPTERS[adapter])
    except CheckSkipped as why:
        pytest.skip(str(why))
