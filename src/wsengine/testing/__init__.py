"""Tools for testing endpoints, engines and adapters, without a network where none is needed."""

from .scripted import ScriptedAdapter, ScriptedConnection

__all__ = ["ScriptedAdapter", "ScriptedConnection"]
