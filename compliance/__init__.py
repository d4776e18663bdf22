"""The protocol test: Autobahn|Testsuite's fuzzing server against the engine and its adapters."""
