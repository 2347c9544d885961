"""Encryption: a server must prove who it is, or is refused with the reason, before it hears login or password."""

from __future__ import annotations

from pathlib import Path

import pymssql
import pytest
from pysqlbridge.certificate import Certificate, self_signed
from pysqlbridge.tds.prelogin import Encryption as Offer

from erpintegrations.connectors import connector_for, freetds, sql_server_address
from erpintegrations.connectors.base import NeedsAttention
from erpintegrations.connectors.sql_server import Encryption, SqlServer, SqlServerAddress, probe
from tests.connectors.builder import SageCompany
from tests.connectors.certificates import Authority
from tests.connectors.tds_company import LOGIN, PASSWORD, SageServer
from tests.connectors.test_faults import assert_clear_and_without_secrets


def sign_in(address: SqlServerAddress) -> None:
    connector_for("sage100", address.to_url()).identity()


def assert_refused(server: SageServer, address: SqlServerAddress, problem: str) -> None:
    with pytest.raises(NeedsAttention, match=problem) as refused:
        sign_in(address)
    assert_clear_and_without_secrets(refused.value)
    assert refused.value.out_of_reach, "nothing was proven about any record"
    assert server.sessions == [], "the server never heard login or password"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_server_that_proves_who_it_is_is_read_encrypted(server: SageServer, authority: Authority, host: str) -> None:
    sign_in(server.address(host=host, ca_file=str(authority.ca_file)))
    assert all(session.session_encrypted for session in server.sessions)
    assert server.sessions


def test_a_certificate_of_another_authority_is_refused(server: SageServer, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "Somebody else")
    assert_refused(server, server.address(ca_file=str(stranger.ca_file)), "authority that is not trusted here")


def test_without_a_ca_file_the_authorities_of_this_machine_count(server: SageServer) -> None:
    assert_refused(server, server.address(), "authority that is not trusted here")


def test_without_any_authorities_nobody_is_believed(
    server: SageServer, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the machine may be taken away between the look at the address and the sign-in."""
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(authority.ca_file.read_bytes())
    monkeypatch.setattr(sql_server_address, "TRUST_STORES", ())
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    engine = SqlServer(server.address()).engine(None)
    trusted.unlink()
    with pytest.raises(NeedsAttention, match="no list of trusted authorities") as refused:
        engine.connect()
    assert refused.value.out_of_reach
    assert server.sessions == []


def test_a_configuration_that_is_not_found_leads_to_nobody() -> None:
    """The library would take the section's name for a host's and look for it in the network."""
    section = freetds.configuration().section(
        host="localhost", port=1, encryption="require", authorities="", query_seconds=5
    )
    assert section.endswith(".invalid.")


def test_a_certificate_for_another_host_is_refused(company: SageCompany, authority: Authority) -> None:
    with SageServer(company, authority.issue("erp.example.com", "10.1.2.3")) as server:
        for host in ("localhost", "127.0.0.1"):
            address = server.address(host=host, ca_file=str(authority.ca_file))
            assert_refused(server, address, "certificate is for another server's name")


def test_a_self_signed_certificate_may_vouch_for_itself(company: SageCompany, tmp_path: Path) -> None:
    certificate, ca_file = self_signed("localhost"), tmp_path / "server.pem"
    ca_file.write_bytes(certificate.cert_pem)
    with SageServer(company, certificate) as server:
        sign_in(server.address(ca_file=str(ca_file)))
        server.sessions.clear()
        ca_file.write_bytes(self_signed("localhost").cert_pem)
        assert_refused(server, server.address(ca_file=str(ca_file)), "not trusted here")


def test_a_certificate_that_has_expired_is_refused(company: SageCompany, authority: Authority) -> None:
    with SageServer(company, authority.issue("localhost", days=(-30, -1))) as server:
        assert_refused(server, server.address(ca_file=str(authority.ca_file)), "has expired")


def test_required_takes_any_certificate_but_encrypts_all(company: SageCompany, tmp_path: Path) -> None:
    with SageServer(company, Authority(tmp_path, "Nobody").issue("elsewhere.example.com", days=(-9, -2))) as server:
        sign_in(server.address(encryption=Encryption.REQUIRED))
        assert [session.session_encrypted for session in server.sessions] == [True]


def test_off_is_not_encrypted(server: SageServer) -> None:
    server.offer = Offer.NOT_SUPPORTED
    sign_in(server.address(encryption=Encryption.OFF))
    assert [session.session_encrypted for session in server.sessions] == [False]


def test_off_is_refused_by_a_server_that_demands_encryption(server: SageServer) -> None:
    server.offer = Offer.REQUIRED
    assert_refused(server, server.address(encryption=Encryption.OFF), "demands encryption")


@pytest.mark.parametrize("encryption", [Encryption.REQUIRED, Encryption.VERIFIED])
def test_a_server_without_encryption_is_not_handed_a_password(server: SageServer, encryption: Encryption) -> None:
    server.offer = Offer.NOT_SUPPORTED
    assert_refused(server, server.address(encryption=encryption), "offers no encryption")


def test_a_server_that_demands_encryption_is_read_encrypted(server: SageServer, authority: Authority) -> None:
    server.offer = Offer.REQUIRED
    sign_in(server.address(ca_file=str(authority.ca_file)))
    assert [session.session_encrypted for session in server.sessions] == [True]


@pytest.mark.parametrize("names", [("erp.example.com",), ("localhost",)])
def test_the_driver_verifies_for_itself_what_the_probe_has_seen(
    company: SageCompany, tmp_path: Path, authority: Authority, names: tuple[str, ...]
) -> None:
    """Whoever takes the server's place between the probe and the sign-in is refused by the driver as well."""
    impostor: Certificate = (authority if names[0] != "localhost" else Authority(tmp_path, "Impostor")).issue(*names)
    with SageServer(company, impostor) as server:
        section = freetds.configuration().section(
            host="localhost",
            port=server.port,
            encryption="require",
            authorities=str(authority.ca_file),
            query_seconds=5,
        )
        with pytest.raises(pymssql.OperationalError):
            pymssql.connect(section, LOGIN, PASSWORD, port=str(server.port))
        assert server.sessions == []


def test_the_probe_says_who_answers(server: SageServer, authority: Authority) -> None:
    verified = probe(server.address(ca_file=str(authority.ca_file)))
    assert (verified.port, verified.encrypts, verified.verified) == (server.port, True, True)
    assert verified.version.count(".") == 2
    server.offer = Offer.NOT_SUPPORTED
    plain = probe(server.address(encryption=Encryption.OFF))
    assert (plain.encrypts, plain.verified) == (False, False)
