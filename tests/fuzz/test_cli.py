"""The command line: any arguments give an exit code, and never a traceback."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wsengine.cli import app, connecting

from .budget import examples

CODES = {0, 1, 2, 130}

_COMMANDS = ["connect", "echo-server", "demo-server", "demo", "playground", "--version", "--help"]
_OPTIONS = ["--host", "--port", "--heartbeat", "--adapter", "--workers", "--seconds", "--telemetry"]
_OPTIONS += ["--header", "-H", "-s", "--cafile", "--no-proxy", "--open-timeout", "--linger", "-v"]
_OPTIONS += [
    "--send",
    "--once",
    "--expect",
    "--within",
    "--record",
    "--force",
    "--replay",
    "--json",
]
_OPTIONS += ["--speed", "--no-status", "--no-history", "--no-reconnect", "--open", "--no-browser"]
_VALUES = ["ws://127.0.0.1:9", "wss://127.0.0.1:9/", "http://x", "ws://", "a: b", "a", ":", "(", ""]
_VALUES += ["0", "-1", "1", "65536", "1e3", "nan", "inf", "-inf", "picows", "os:getcwd", "x:y:z"]
_VALUES += ["no/such/file", ".", "--", "-", "\udc80", "\x1b[31m", "é\n"]

arguments = st.lists(
    st.one_of(
        st.sampled_from(_COMMANDS),
        st.sampled_from(_OPTIONS),
        st.sampled_from(_VALUES),
        st.text(max_size=8),
    ),
    max_size=8,
)


def run(words: list[str]) -> tuple[int, str]:
    """Run the command line; return the exit code, and what it wrote to standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        return app.run(words), err.getvalue()


@pytest.fixture
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the commands check what they were given, and begin nothing."""

    def forget(work: Coroutine[Any, Any, Any]) -> int:
        work.close()
        return 0

    for module in (app, connecting):
        monkeypatch.setattr(module, "asyncio", SimpleNamespace(run=forget))
        name = next(name for name in vars(module) if name.endswith("set_up_log"))
        monkeypatch.setattr(module, name, lambda verbose: None)


@pytest.mark.usefixtures("nothing_runs")
def test_any_arguments() -> None:
    @examples(150)
    @given(arguments)
    @example(["connect"])
    @example(["connect", "ws://x", "--workers", "0"])
    @example(["connect", "ws://x", "-H", "é: x"])
    @example(["echo-server", "--port", "99999999999999999999"])
    @example(["-\udc80"])
    def check(words: list[str]) -> None:
        code, told = run(words)
        assert code in CODES
        assert "Traceback" not in told
        assert bool(told) == (code != 0)
        assert len(told.splitlines()) <= 1, "an error is one line"

    check()


connect_options = st.lists(
    st.one_of(
        st.sampled_from(
            [["--json"], ["--once"], ["--no-status"], ["--force"], ["-v"], ["--no-history"]]
        ),
        st.tuples(st.sampled_from(["--send", "-H", "-s"]), st.sampled_from(_VALUES)).map(list),
        st.tuples(
            st.sampled_from(["--within", "--speed", "--linger"]), st.sampled_from(_VALUES)
        ).map(list),
        st.tuples(st.just("--expect"), st.sampled_from(["a", "(", "[", "*", ""])).map(list),
        st.tuples(st.just("--record"), st.sampled_from(["kept", ".", "no/such", "", "nul\0"])).map(
            list
        ),
        st.tuples(st.just("--replay"), st.sampled_from(["kept", ".", "no/such", "noise"])).map(
            list
        ),
        st.tuples(
            st.just("--adapter"), st.sampled_from(["picows", "aiohttp", "json:no", ":", ""])
        ).map(list),
    ),
    max_size=5,
).map(lambda groups: [word for group in groups for word in group])


def test_connect_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else is asked for: a port on which nobody listens is an error in one line."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "noise").write_bytes(bytes(range(256)))

    @examples(25)
    @given(connect_options)
    def check(options: list[str]) -> None:
        with open(os.devnull) as nothing, monkeypatch.context() as patch:
            patch.setattr("sys.stdin", nothing)
            url = "ws://127.0.0.1:9"  # the port of "discard", where nobody listens any more
            always = ["--no-reconnect", "--open-timeout", "2", "--no-proxy"]
            code, told = run(["connect", url, *always, *options])
        assert code in {1, 2}
        assert "Traceback" not in told

    check()
