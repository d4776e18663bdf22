"""Without the library that makes certificates, the checks of TLS are skipped, and say so."""

from __future__ import annotations

import sys

import pytest

from wsengine.testing import CHECKS, CheckSkipped, ScriptedAdapter, run_check

OVER_TLS = [
    name
    for name, check in CHECKS.items()
    if check.chapter == "TLS" and name != "tells_that_a_server_speaks_no_tls"
] + ["goes_through_a_proxy_to_tls", "goes_through_socks5_to_tls"]


@pytest.mark.parametrize("check", OVER_TLS)
async def test_without_trustme_it_is_skipped(check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(CheckSkipped, match=r'pip install "wsengine\[testing\]"'):
        await run_check(check, ScriptedAdapter())
