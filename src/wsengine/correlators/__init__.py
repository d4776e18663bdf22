"""Correlators: which reply answers which request, in the usual protocols."""

from .json import JsonCorrelator
from .jsonrpc import JsonRpcCorrelator, Notification
from .positional import PositionalCorrelator

__all__ = ["JsonCorrelator", "JsonRpcCorrelator", "Notification", "PositionalCorrelator"]
