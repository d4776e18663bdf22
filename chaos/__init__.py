"""The chaos run: engines on every adapter, a fault every few hundred milliseconds, nothing lost."""
