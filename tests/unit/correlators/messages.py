"""The same message in each form that a correlator has to understand."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import msgspec
from hypothesis import strategies as st
from pydantic import BaseModel


class Struct(msgspec.Struct):
    op: str
    id: Any = None


class Unset(msgspec.Struct):
    op: str
    id: int | str | msgspec.UnsetType = msgspec.UNSET


class Frozen(msgspec.Struct, frozen=True):
    op: str
    id: int | str | None = None


@dataclass(frozen=True)
class Data:
    op: str
    id: Any = None


class Model(BaseModel):
    op: str
    id: Any = None


FORMS: list[Any] = [dict, Struct, Unset, Frozen, Data, Model]


def proxy(**fields: Any) -> MappingProxyType[str, Any]:
    return MappingProxyType(fields)


ids = st.integers() | st.text(min_size=1)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
