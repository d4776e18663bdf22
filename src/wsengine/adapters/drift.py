"""Whether a library still has the names that the adapters use though they are not public.

Another version may rename any of them. To find that out at a dial would be to dial for ever, for
nothing that comes of the network. So the names are looked for when an adapter is made, and what is
missing at a dial after all ends the engine.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from ..errors import MissingDependencyError

SPECS: Final = {"websockets": "websockets>=17.3,<18", "aiohttp": "aiohttp>=3.14.4,<4"}
"""The versions that are known here; the same stand in `pyproject.toml`."""


def check_names_of(library: str, wanted: Mapping[type, Iterable[str]]) -> None:
    """Check that the classes of a library have these attributes, or their objects have.

    Raises:
        MissingDependencyError: One is missing; the message says which versions have it.
    """
    for kind, names in wanted.items():
        there = _names_of(kind)
        for name in names:
            if there is not None and name not in there:
                raise unknown(library, f"{kind.__name__!r} object has no attribute {name!r}")


def unknown(library: str, why: object) -> MissingDependencyError:
    """Return the error for a library of a version that is not known here.

    Args:
        library: Its name.
        why: What is missing.
    """
    try:
        installed = version(library)
    except PackageNotFoundError:  # it is there, but nothing tells where it came from
        installed = "of this version"
    return MissingDependencyError(
        f"{library} {installed} is not one that this version of wsengine knows ({why}); "
        f"run: pip install '{SPECS[library]}'"
    )


def _names_of(kind: type) -> set[str] | None:
    """Return the attributes of a class, and those that its `__init__` gives to its objects.

    `None` where somebody has put a function of their own in the place of one, to watch the library:
    nothing can be said then.
    """
    names = set(dir(kind))
    for base in kind.__mro__:
        init: Any = inspect.unwrap(base.__dict__.get("__init__", object.__init__))
        if getattr(init, "__module__", base.__module__) != base.__module__:
            return None
        code = getattr(init, "__code__", None)
        names.update(() if code is None else code.co_names)
    return names
