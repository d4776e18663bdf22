"""All checks: the contract of `wsengine.adapter`, clause by clause."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from . import (
    addresses,
    cancellation,
    clientclose,
    compression,
    handshakes,
    messages,
    natives,
    pings,
    pressure,
    proxies,
    sending,
    serverclose,
    tls,
    violations,
)
from .registry import Check

_CHAPTERS = (
    handshakes,
    addresses,
    tls,
    proxies,
    messages,
    cancellation,
    compression,
    violations,
    sending,
    pressure,
    pings,
    serverclose,
    clientclose,
    natives,
)

CHECKS: Mapping[str, Check] = MappingProxyType(
    {check.name: check for chapter in _CHAPTERS for check in chapter.check.checks}
)
"""Every check, by its name, in the order in which `check_adapter` runs them."""
