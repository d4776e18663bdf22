"""Finding an adapter by its name."""

from __future__ import annotations

import importlib
import inspect
from typing import Any, cast

from .adapter import Adapter
from .errors import ConfigError, MissingDependencyError

ADAPTERS = {
    "websockets": "wsengine.adapters.websockets:WebsocketsAdapter",
    "aiohttp": "wsengine.adapters.aiohttp:AiohttpAdapter",
    "picows": "wsengine.adapters.picows:PicowsAdapter",
}
"""The adapters that come with wsengine, by the names of their libraries."""

EXTRAS = {
    "websockets": "wsengine",
    "aiohttp": "wsengine[aiohttp]",
    "picows": "wsengine[picows]",
}
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
        if adapter not in EXTRAS or str(error.name).startswith("wsengine"):
            raise _not_imported(adapter, error) from error
        raise MissingDependencyError(
            f"adapter={adapter!r}: its library is not installed; "
            f'run: pip install "{EXTRAS[adapter]}"'
        ) from error
    except (ImportError, AttributeError, TypeError) as error:
        raise _not_imported(adapter, error) from error
    return _checked(_made(factory, adapter), repr(adapter))


def _not_imported(adapter: str, error: Exception) -> ConfigError:
    return ConfigError(f"adapter={adapter!r}: cannot be imported: {error}")


def _made(factory: Any, adapter: str) -> Any:
    if not callable(factory):
        return factory
    try:
        return factory()
    except TypeError as error:
        raise ConfigError(
            f"adapter={adapter!r}: cannot be made without arguments: {error}; "
            "make it yourself, and give the object"
        ) from error


def _checked(adapter: Any, shown: str) -> Adapter:
    if isinstance(adapter, type):
        raise ConfigError(f"adapter={shown}: is a class; give an instance: {adapter.__name__}()")
    if not inspect.iscoroutinefunction(getattr(adapter, "connect", None)):
        raise ConfigError(f"adapter={shown}: has no `async def connect(url, options)`")
    return cast("Adapter", adapter)
