"""Codecs: JSON, and models that are checked as they come in."""

from .json import JsonCodec
from .pydantic import PydanticCodec

__all__ = ["JsonCodec", "PydanticCodec"]
