"""URLs: each is taken or refused, and no secret is ever shown."""

from __future__ import annotations

import contextlib
import re
from urllib.parse import quote

from hypothesis import example, given
from hypothesis import strategies as st

from wsengine import ConfigError
from wsengine.adapters.common import find_proxy, parse_url
from wsengine.url import check_credentials, check_url, display_url

from .budget import examples

CANARY = "cAnArY7f3a"

_PIECES = [
    "ws",
    "wss",
    "http",
    ":",
    "/",
    "//",
    "?",
    "#",
    "@",
    "[",
    "]",
    "::1",
    "%",
    "%00",
    "&",
    "=",
]
_PIECES += [
    "..",
    "\\",
    "\t",
    "\r\n",
    " ",
    "localhost",
    "127.0.0.1",
    "0",
    "80",
    "99999",
    "é",
    "\udc80",
]
urls = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(_PIECES), max_size=12).map("".join),
    st.lists(st.sampled_from(_PIECES), max_size=8).map(lambda rest: "ws://" + "".join(rest)),
)


@examples(300)
@given(urls)
@example("ws://[::1%lo]:80/")
@example("ws://a\u2024b/")
@example("ws://xn--/")
@example("ws://" + "a" * 64)
def test_any_text(url: str) -> None:
    assert isinstance(display_url(url), str)
    try:
        checked = check_url(url)
    except ConfigError as error:
        assert len(str(error).splitlines()) == 1
        return
    assert re.fullmatch(r"wss?://[^\s#]+", checked)
    check_credentials(checked, [])
    with contextlib.suppress(ConfigError):
        find_proxy(parse_url(checked), None)


@examples(200)
@given(st.sampled_from(["ws", "wss", "http"]), urls, st.sampled_from(["", "/", "/path", ":80"]))
def test_no_secret_is_shown(scheme: str, more: str, behind: str) -> None:
    """Wherever a secret may stand, and whatever comes before or behind it."""
    for url in (
        f"{scheme}://user:{CANARY}@host{behind}{more}",
        f"{scheme}://{CANARY}@host{behind}{more}",
        f"{scheme}://host{behind}?token={CANARY}&{quote(more, errors='replace')}",
    ):
        assert CANARY not in display_url(url)
        try:
            parse_url(check_url(url))
        except ConfigError as error:
            assert CANARY not in str(error)
