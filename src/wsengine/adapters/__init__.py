"""Adapters for WebSocket libraries, one module each; loaded by name when they are asked for."""
