from __future__ import annotations

import re

import pytest

from wsengine.playground.files import INDEX, page_files

FILES = page_files()


def test_the_index_and_what_it_names_are_there() -> None:
    index = FILES[INDEX].body.decode()
    named = re.findall(r'(?:src|href)="/page/([^"]+)"', index)
    assert {"main.js", "tokens.css", "icon.svg"} <= set(named)
    assert set(named) <= set(FILES)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".js")])
def test_what_a_module_imports_is_there(name: str) -> None:
    text = FILES[name].body.decode()
    imported = re.findall(r'from "\./([^"]+)"', text)
    assert set(imported) <= set(FILES)
    assert len(re.findall(r"^import ", text, re.MULTILINE)) == len(imported)


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    text = FILES[name].body.decode().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"""(https?:)?//[a-z0-9.-]+\.[a-z]{2,}|@import|url\(["']?http""", text)


@pytest.mark.parametrize("name", FILES)
def test_there_is_neither_inline_style_nor_inline_script(name: str) -> None:
    text = FILES[name].body.decode()
    assert " style=" not in text
    assert not re.search(r"\son[a-z]+=|javascript:|innerHTML|eval\(", text)
    assert "<style" not in text


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_short(name: str) -> None:
    assert len(FILES[name].body.decode().splitlines()) <= 180


def test_types() -> None:
    assert FILES["main.js"].kind == "text/javascript"
    assert FILES["tokens.css"].kind == "text/css"
    assert FILES["icon.svg"].kind == "image/svg+xml"
