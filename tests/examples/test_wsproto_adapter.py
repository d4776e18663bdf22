"""The adapter of docs/adapters.md keeps the contract, except what is listed here."""

from __future__ import annotations

import pytest
from examples.wsproto_adapter import WsprotoAdapter

from tests.docs.reading import ROOT, blocks
from wsengine import ConfigError, ConnectError, ConnectOptions
from wsengine.testing import CHECKS, check_adapter

CANNOT = {
    **{name: "it knows no proxies" for name, check in CHECKS.items() if check.declinable},
    **{name: "it offers no native_receive" for name, check in CHECKS.items() if check.natively},
    "translates_only_the_end": "it offers no native_receive",
    "offers_each_message_once": "it offers nothing before it is received",
    "dials_a_unix_socket": "it knows no unix sockets",
    "refuses_an_odd_handshake": "wsproto takes the last of two Sec-WebSocket-Protocol",
    "tells_how_the_server_closed": "wsproto takes the close code 1014 for a violation",
}

MACHINE = ("this machine", "pip install")
"""What a reason says that is not the adapter's: an address family, or a library, is missing."""


async def test_it_keeps_the_contract() -> None:
    report = await check_adapter(lambda: WsprotoAdapter(close_timeout=1.0), cannot=CANNOT)
    skipped = {
        name: why
        for name, why in report.skipped.items()
        if not any(words in why for words in MACHINE)
    }
    assert skipped == CANNOT
    assert len(report.passed) > 75


@pytest.mark.parametrize(("exempt", "refused"), [("", True), ("127.0.0.1", False)])
async def test_it_does_not_pass_over_a_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, exempt: str, refused: bool
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", exempt)
    with pytest.raises(ConfigError if refused else ConnectError):
        await WsprotoAdapter().connect("ws://127.0.0.1:1", ConnectOptions())


def test_what_the_page_quotes_is_there() -> None:
    text = (ROOT / "examples/wsproto_adapter.py").read_text(encoding="utf-8")
    example = [line.strip() for line in text.splitlines()]
    quoted = [
        [line.strip() for line in block.text.splitlines()]
        for block in blocks(ROOT / "docs/adapters.md")
        if block.mark == "fragment" and ("self." in block.text or "unless_answered" in block.text)
    ]
    assert len(quoted) == 4
    for lines in quoted:
        begin = example.index(lines[0])
        assert example[begin : begin + len(lines)] == lines
