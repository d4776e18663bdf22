from __future__ import annotations

import re
import sys

import pytest

import wsengine
from wsengine.cli import connect, main
from wsengine.cli.app import run
from wsengine.cli.wanted import Wanted


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"wsengine {wsengine.__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_names_the_commands(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 0
    shown = capsys.readouterr().out
    for command in ("connect", "echo-server", "demo"):
        assert command in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sing"], "No such command 'sing'; see wsengine --help"),
        (["--loud"], "No such option: --loud"),
        (["connect"], "Missing argument 'URL'; see wsengine connect --help"),
        (["connect", "ws://x", "--loud"], "No such option: --loud; see wsengine connect --help"),
        (["connect", "ws://x", "--workers", "two"], "--workers 'two': must be a whole number"),
        (["connect", "ws://x", "--workers", "0"], "--workers '0': must be a whole number of at"),
        (["connect", "ws://x", "--timeout", "0"], "--timeout '0': must be a number above 0"),
        (["connect", "ws://x", "--linger", "-1"], "--linger '-1': must be a number of at least 0"),
        (["connect", "ws://x", "--linger", "two"], "--linger 'two': must be a number"),
        (["connect", "ws://x", "--linger", "nan"], "--linger 'nan': must be"),
        (
            ["connect", "ws://x", "--once", "--within", "0"],
            "--within '0': must be a number above 0",
        ),
        (["connect", "ws://x", "--speed", "-1"], "--speed '-1': must be a number of at least 0"),
        (
            ["connect", "ws://x", "--within", "1"],
            "--within is of no use without --expect or --once",
        ),
        (["connect", "ws://x", "--force"], "--force is of no use without --record FILE"),
        (["connect", "ws://x", "--expect", "("], "--expect '(': is no regular expression"),
        (["connect", "ws://x", "--cafile", "/no/file"], "--cafile /no/file: No such file"),
        (["connect", "ws://x", "--replay", "/no/file"], "--replay /no/file: No such file"),
        (["connect", "ws://x", "-H", "Name"], "--header number 1 has no colon"),
        (["connect", "ws://x", "-H", "a b: c"], "headers='a b': a name must be a token"),
        (["connect", "ws://x", "-s", "a b"], "subprotocols[0]: must be a token"),
        (["demo", "--seconds", "0"], "--seconds '0': must be a number of at least 1"),
        (["echo-server", "--port", "65536"], "--port '65536': must be a whole number from 0 to"),
        (["demo-server", "--heartbeat", "x"], "--heartbeat 'x': must be a number"),
        (["playground", "--workers", "33"], "--workers '33': must be a whole number from 1 to 32"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"wsengine: {message}")
    assert err.endswith("\n")
    assert err.count("\n") == 1


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A `connect` with a fault of its own."""

    async def break_down(wanted: Wanted) -> None:
        raise LookupError("what\nnobody thought of")

    monkeypatch.setattr(connect, "converse", break_down)


@pytest.mark.usefixtures("broken")
def test_what_nobody_thought_of_is_one_line(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("ERROR")  # as without --verbose
    assert run(["connect", "ws://x"]) == 1
    out, err = capsys.readouterr()
    assert (out, caplog.text) == ("", "")
    assert err == (
        "wsengine: a fault of the program itself: LookupError: what nobody thought of; "
        "--verbose shows where it is\n"
    )


@pytest.mark.usefixtures("broken")
def test_where_it_broke_is_in_the_log(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")  # as with --verbose
    assert run(["connect", "ws://x", "--verbose"]) == 1
    assert "in break_down" in caplog.text
    assert capsys.readouterr().err.endswith("LookupError: what nobody thought of\n")


@pytest.mark.parametrize("command", ["", "connect", "demo", "demo-server", "playground"])
def test_help_has_what_to_type_and_no_types(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    assert not re.search(r"--.*<\w+( range)?>|x>=|<=x|\{", shown)
    assert max(map(len, shown.splitlines())) <= 80


def test_ctrl_c_while_it_starts_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Pressed:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "wsengine.cli.app":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "wsengine.cli.app")
    monkeypatch.setattr(sys, "meta_path", [Pressed(), *sys.meta_path])
    with pytest.raises(SystemExit) as raised:
        main()
    assert raised.value.code == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_it_says_what_to_install(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(SystemExit) as raised:
        main()
    assert raised.value.code == (  # which Python prints, and exits with 1
        'wsengine: the command line needs typer and rich; run: pip install "wsengine[cli]"'
    )
