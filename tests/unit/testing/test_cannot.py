"""The list of what adapters cannot do: of checks that there are, with reasons."""

from __future__ import annotations

import pytest

from wsengine.loading import ADAPTERS
from wsengine.testing import CHECKS
from wsengine.testing.cannot import CANNOT


def test_it_has_every_adapter() -> None:
    assert list(CANNOT) == list(ADAPTERS)


@pytest.mark.parametrize("adapter", CANNOT)
def test_it_names_checks_that_there_are(adapter: str) -> None:
    assert set(CANNOT[adapter]) <= set(CHECKS)


@pytest.mark.parametrize("adapter", CANNOT)
def test_it_gives_reasons_that_fit_a_table(adapter: str) -> None:
    reasons = [reason for reason in CANNOT[adapter].values() if not 10 < len(reason) < 100]
    assert reasons == []
