"""Certificates for tests: each is trusted, or not, as it says. Without a network."""

from __future__ import annotations

import ssl
import sys
from typing import Any

import pytest

from wsengine import MissingDependencyError
from wsengine.testing.certificates import CLIENT, Certificates


def shake_hands(
    server: ssl.SSLContext, client: ssl.SSLContext, host: str
) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Let both sides agree in memory; return the server's side and the client's."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = (
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for _ in range(4):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return sides[1], sides[0]


@pytest.mark.parametrize("host", ["service.test", "127.0.0.1"])
def test_a_client_of_the_authority_trusts_its_servers(host: str) -> None:
    certificates = Certificates()
    server = certificates.server("service.test", "127.0.0.1")
    seen, shown = shake_hands(server, certificates.client(), host)
    assert seen.getpeercert() is None
    assert shown.version() == "TLSv1.3"


def test_each_authority_is_another() -> None:
    server = Certificates().server("service.test")
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        shake_hands(server, Certificates().client(), "service.test")


def test_a_certificate_is_for_its_names() -> None:
    certificates = Certificates()
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(certificates.server("other.test"), certificates.client(), "service.test")


def test_an_expired_certificate_has_expired() -> None:
    certificates = Certificates()
    server = certificates.server("service.test", expired=True)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        shake_hands(server, certificates.client(), "service.test")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_may_ask_for_a_certificate(version: ssl.TLSVersion) -> None:
    certificates = Certificates()
    server = certificates.server("service.test", asks_clients=True, version=version)
    client = certificates.client(with_certificate=True)
    seen, shown = shake_hands(server, client, "service.test")
    certificate: Any = seen.getpeercert()
    assert certificate["subjectAltName"] == (("email", CLIENT),)
    assert shown.version() == version.name.replace("_", ".")
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        shake_hands(server, certificates.client(), "service.test")
    with pytest.raises(ssl.SSLError):
        shake_hands(server, Certificates().client(with_certificate=True), "service.test")


def test_without_trustme_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "wsengine\[testing\]"'):
        Certificates()
