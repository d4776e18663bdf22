"""How fast wsengine is beside the bare library, in one interleaved run: `make bench`."""
