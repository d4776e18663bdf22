from __future__ import annotations

import sys

import pytest

import wsengine
from wsengine.cli import main
from wsengine.cli.app import run


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
        (["connect", "ws://x", "--workers", "two"], "Invalid value for '--workers'"),
        (["connect", "ws://x", "--workers", "0"], "workers=0: must be a whole number"),
        (["connect", "ws://x", "--timeout", "0"], "open_timeout=0.0: must be a number above 0"),
        (["connect", "ws://x", "--linger", "-1"], "linger=-1.0: must be a number of at least 0"),
        (["connect", "ws://x", "--linger", "nan"], "linger=nan: must be"),
        (["connect", "ws://x", "--once", "--within", "0"], "within=0.0: must be a number above 0"),
        (["connect", "ws://x", "--speed", "-1"], "speed=-1.0: must be a number of at least 0"),
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
        (["demo", "--seconds", "0"], "Invalid value for '--seconds'"),
        (["echo-server", "--port", "65536"], "Invalid value for '--port'"),
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
