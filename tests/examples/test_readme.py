"""examples/README.md lists every example, and each one that is listed is run by a test."""

from __future__ import annotations

from tests.docs.reading import ROOT, tables

from .programs import EXAMPLES

README = EXAMPLES / "README.md"


def rows() -> dict[str, list[str]]:
    """Return the other cells of each row by its file."""
    ((_, *listed),) = tables(README)
    return {cells[0].partition("]")[0].removeprefix("["): cells[1:] for cells in listed}


def test_every_example_is_listed() -> None:
    present = {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.glob("**/*.py")}
    alone = {name for name in present if not name.startswith("observability/")}  # has its own page
    assert set(rows()) == alone


def test_what_is_to_be_run_is_there() -> None:
    for name, (_, run, _) in rows().items():
        called = [word for word in run.replace("`", " ").split() if word.startswith("examples/")]
        assert called or name == "wsproto_adapter.py", f"{name}: how is it run?"
        assert all((ROOT / path.rstrip(",")).is_file() for path in called)
        assert not called or called[-1].rstrip(",") == f"examples/{name}"


def test_every_example_is_run_by_a_test() -> None:
    tests = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("examples", "docs")
        for path in (ROOT / "tests" / folder).glob("test_*.py")
        if path.name != "test_readme.py"
    )
    unrun = [name for name in rows() if name.removesuffix(".py") not in tests]
    assert not unrun
