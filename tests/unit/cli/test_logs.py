from __future__ import annotations

import io
import logging
import sys

import pytest

from wsengine.cli.logs import logging_to, set_up_log


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def bare_root(monkeypatch: pytest.MonkeyPatch) -> logging.Logger:
    """Return the root logger, without the handlers that pytest gives it for each test."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", logging.WARNING)
    return root


@pytest.mark.parametrize(("verbose", "level"), [(False, logging.ERROR), (True, logging.INFO)])
def test_the_log_goes_to_standard_error(
    verbose: bool, level: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = bare_root(monkeypatch)
    set_up_log(verbose)
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    assert handler.stream is sys.stderr
    assert root.level == level


def test_the_log_of_a_terminal_goes_elsewhere_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = bare_root(monkeypatch)
    terminal, elsewhere = Terminal(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal)
    set_up_log(verbose=True)
    with logging_to(elsewhere):
        root.info("within")
    root.info("after")
    assert "within" in elsewhere.getvalue()
    assert "within" not in terminal.getvalue()
    assert "after" in terminal.getvalue()


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_a_log_that_is_not_on_the_terminal_stays(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file as standard error, or a handler of another stream."""
    root = bare_root(monkeypatch)
    if not stream.isatty():
        monkeypatch.setattr(sys, "stderr", stream)
    handler = logging.StreamHandler(stream)
    root.addHandler(handler)
    with logging_to(io.StringIO()):
        assert handler.stream is stream
