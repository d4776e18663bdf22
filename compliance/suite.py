"""Sets the test suite up: it runs on Python 2.7 only, in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent

WORK: Final = HERE / ".autobahn"
"""Everything that can be made again: the environment, and the server's own reports."""

SUITE_VERSION: Final = "25.10.1"
VIRTUALENV: Final = "virtualenv<20.22"  # the last one that makes environments of Python 2.7
PATIENCE: Final = 600.0
"""Seconds that a step of the set-up may take."""


class NoPython27Error(Exception):
    """There is no Python 2.7 here; the message says where it was looked for."""


def ensure(tell: Callable[[str], None]) -> Path:
    """Return the interpreter that has the test suite; set it up where it is not there yet.

    Args:
        tell: Told what takes a while.

    Raises:
        NoPython27Error: There is no Python 2.7.
        subprocess.CalledProcessError: A step failed; it has told why on standard error.
    """
    environment = WORK / "venv"
    interpreter = environment / "bin" / "python"
    ready = environment / f".ready-{SUITE_VERSION}"
    if ready.exists():
        return interpreter
    python27 = find_python27(os.environ)
    tell(f"setting Autobahn|Testsuite {SUITE_VERSION} up, with {python27}")
    WORK.mkdir(exist_ok=True)
    (WORK / ".gitignore").write_text("*\n", encoding="utf-8")
    with tempfile.TemporaryDirectory() as tools:
        _run(*_pip(sys.executable), "--target", tools, VIRTUALENV)
        make = (sys.executable, "-m", "virtualenv", "--quiet", "--clear", "--python", python27)
        _run(*make, str(environment), env={**os.environ, "PYTHONPATH": tools})
    constraints = str(HERE / "constraints27.txt")
    _run(*_pip(str(interpreter)), "-c", constraints, f"autobahntestsuite=={SUITE_VERSION}")
    ready.touch()
    return interpreter


def find_python27(environ: Mapping[str, str]) -> str:
    """Return a Python 2.7: the one that `PYTHON27` names, or the first one that runs.

    Raises:
        NoPython27Error: None runs.
    """
    given = environ.get("PYTHON27")
    looked_at = [given] if given else list(dict.fromkeys(_usual_places(environ)))
    for path in looked_at:
        if _is_python27(path):
            return path
    places = ", ".join(looked_at) or "the path, and the versions of pyenv"
    raise NoPython27Error(
        f"Autobahn|Testsuite needs Python 2.7, and none was found; looked at: {places}\n"
        "Install one (pyenv install 2.7.18), or name it: "
        "make compliance PYTHON27=/path/to/python2.7"
    )


def _usual_places(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what may be a Python 2.7: those on the path, and those of pyenv."""
    for folder in environ.get("PATH", "").split(os.pathsep):
        found = shutil.which("python2.7", path=folder)
        if found:
            yield found
    roots = [environ.get("PYENV_ROOT"), _pyenv_root(environ), _in_home(environ)]
    for root in filter(None, roots):
        for found_path in sorted(Path(root).glob("versions/2.7*/bin/python2.7"), reverse=True):
            yield str(found_path)


def _in_home(environ: Mapping[str, str]) -> str | None:
    home = environ.get("HOME")
    return None if home is None else str(Path(home) / ".pyenv")


def _pyenv_root(environ: Mapping[str, str]) -> str | None:
    pyenv = shutil.which("pyenv", path=environ.get("PATH", ""))
    return _answer(pyenv, "root") if pyenv else None


def _is_python27(path: str) -> bool:
    """Whether it is one: a shim of pyenv may stand for a version that is not chosen."""
    return _answer(path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])") == "2.7"


def _answer(*command: str) -> str | None:
    try:
        return _run(*command, told=False).strip() or None
    except (OSError, subprocess.SubprocessError):
        return None


def _pip(python: str) -> tuple[str, ...]:
    return (python, "-m", "pip", "-qq", "--disable-pip-version-check", "install")


def _run(*command: str, env: Mapping[str, str] | None = None, told: bool = True) -> str:
    """Run a command and return its output; its errors are for the user, if `told`."""
    errors = None if told else subprocess.DEVNULL
    done = subprocess.run(  # noqa: S603 - the commands of this module
        command,
        stdout=subprocess.PIPE,
        stderr=errors,
        check=True,
        timeout=PATIENCE,
        env=env,
        text=True,
    )
    return done.stdout
