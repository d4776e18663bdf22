"""The playground: a page on which an engine can be watched, and its connection be broken.

It needs aiohttp: `pip install "wsengine[demo]"`.
"""

from ..errors import MissingDependencyError

try:
    from .panel import Panel
    from .playground import Playground
    from .subject import Settings
except MissingDependencyError as missing:
    raise MissingDependencyError(
        'the playground and the demo server need aiohttp; run: pip install "wsengine[demo]"'
    ) from missing

__all__ = ["Panel", "Playground", "Settings"]
