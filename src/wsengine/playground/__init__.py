"""The playground: a page on which an engine can be watched, and its connection be broken.

It needs aiohttp: `pip install "wsengine[demo]"`.
"""

from .panel import Panel
from .playground import Playground
from .subject import Settings

__all__ = ["Panel", "Playground", "Settings"]
