"""Finding an adapter by its name."""

from __future__ import annotations

import importlib
import inspect
from typing import Any, cast

from .adapter import Adapter
from .errors import ConfigError, MissingDependencyError

ADAPTERS = {
    "websockets": "wsengine.adapters.websockets:WebsocketsAdapter",
}
"""The adapters that come with wsengine, by the names of their libraries."""

EXTRAS = {"websockets": "wsengine"}
"""What to install for each library."""


def load_adapter(adapter: str | Adapter) -> Adapter:
    """Return an adapter from a name, an import string, or as it is.

    Raises:
        ConfigError: There is no such adapter, or it is none.
        MissingDependencyError: Its library is not installed.
    """
    if not isinstance(adapter, str):
        return _checked(adapter, repr(adapter))
    target = ADAPTERS.get(adapter, adapter)
    module_name, colon, factory_name = target.partition(":")
    if not colon or not module_name or not factory_name:
        known = ", ".join(repr(name) for name in ADAPTERS)
        raise ConfigError(
            f"adapter={adapter!r}: is not one of {known}, nor an import string "
            "such as 'package.module:Factory'"
        )
    try:
        factory: Any = getattr(importlib.import_module(module_name), factory_name)
    except ModuleNotFoundError as error:
        if adapter in EXTRAS:
            raise MissingDependencyError(
                f"adapter={adapter!r}: its library is not installed; "
                f'run: pip install "{EXTRAS[adapter]}"'
            ) from error
        raise ConfigError(f"adapter={adapter!r}: cannot be imported: {error}") from error
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"adapter={adapter!r}: cannot be imported: {error}") from error
    return _checked(factory() if callable(factory) else factory, repr(adapter))


def _checked(adapter: Any, shown: str) -> Adapter:
    if isinstance(adapter, type):
        raise ConfigError(f"adapter={shown}: is a class; give an instance: {adapter.__name__}()")
    if not inspect.iscoroutinefunction(getattr(adapter, "connect", None)):
        raise ConfigError(f"adapter={shown}: has no `async def connect(url, options)`")
    return cast("Adapter", adapter)
