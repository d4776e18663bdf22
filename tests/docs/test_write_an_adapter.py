"""The adapter of docs/how-to/write-an-adapter.md keeps the contract, as the page has it checked."""

from __future__ import annotations

from typing import Any

from .reading import ROOT, blocks


async def test_the_adapter_of_the_page_is_held_against_the_contract() -> None:
    adapter, check = (
        block.text
        for block in blocks(ROOT / "docs/how-to/write-an-adapter.md")
        if "class Noting:" in block.text or "test_contract" in block.text
    )
    names: dict[str, Any] = {}
    exec(adapter.replace("asyncio.run(main())", "") + check, names)
    await names["test_contract"]()
