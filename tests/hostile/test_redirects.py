"""Redirects are refused, whatever they lead to: no header of the user's goes anywhere else.

That `ws://` is not led to another host is a clause of the adapters' contract; here are the loop,
the way from TLS to plain text, and what the engine makes of it.
"""

from __future__ import annotations

import ssl

import pytest

from wsengine.testing.certificates import Certificates
from wsengine.testing.greetings import refuse
from wsengine.testing.rawserver import RawServer

from .attack import Victim

pytestmark = pytest.mark.asyncio(loop_scope="package")

SECRET = {"headers": {"Authorization": "Bearer hunter2", "Cookie": "session=hunter2"}}


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "308 Permanent Redirect"])
async def test_a_loop_is_asked_once(victim: Victim, status: str) -> None:
    async with RawServer() as server:
        again = server.url("/again")
        server.greeting = refuse(status, {"Location": again})
        outcome = await victim.run(server)
        assert server.clients == 1
    assert outcome.failed is not None
    assert f"redirects to {again}, dial that" in outcome.failed
    assert [refusal["status"] for refusal in outcome.refusals] == [int(status[:3])]
    outcome.check_nothing_left()


@pytest.mark.parametrize("scheme", ["ws", "http"])
async def test_tls_is_not_left_for_plain_text(victim: Victim, scheme: str) -> None:
    certificates = Certificates()
    (authority,) = certificates.client().get_ca_certs(binary_form=True)
    options = {"trust": ssl.DER_cert_to_PEM_cert(authority), **SECRET}
    secure = RawServer(ssl=certificates.server("127.0.0.1"))
    async with secure as server, RawServer() as plain:
        location = f"{scheme}://127.0.0.1:{plain.port}/feed"
        server.greeting = refuse("302 Found", {"Location": location})
        outcome = await victim.run(server, options=options)
        assert (server.clients, plain.clients) == (1, 0)
        request = await (await server.next_peer()).requested()
    assert request.one("authorization") == "Bearer hunter2"  # so it would have been there to leak
    assert outcome.failed is not None
    assert location in outcome.failed
    assert "hunter2" not in outcome.failed
    outcome.check_nothing_left()
