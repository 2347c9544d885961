"""The address of a SQL Server: its URL says all of it, whatever signs it holds, and each wrong part is named."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erpintegrations.connectors import connector_for
from erpintegrations.connectors.base import NeedsAttention
from erpintegrations.connectors.sql_server import Encryption, SqlServerAddress
from tests.connectors.certificates import Authority
from tests.connectors.test_faults import LOGIN, SECRET, assert_clear_and_without_secrets

RIGHT = SqlServerAddress("erp.example.com", "Northwind", LOGIN, SECRET, encryption=Encryption.OFF)
ODD = "p@ss:/?#%\\ [é]&=+;'\" "
# What a URL can hold, and a person can type.
TEXTS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@given(
    login=TEXTS, password=TEXTS, database=TEXTS, instance=TEXTS, ca_file=TEXTS, encryption=st.sampled_from(Encryption)
)
def test_any_text_comes_through_the_url(**parts: str) -> None:
    address = replace(RIGHT, **parts)
    assert SqlServerAddress.from_url(address.to_url()) == address


@pytest.mark.parametrize("host", ["erp", "10.1.2.3", "::1", "fe80::1"])
@pytest.mark.parametrize("where", [{}, {"port": 1444}, {"instance": "SAGE$100"}])
def test_any_host_comes_through_the_url(host: str, where: dict) -> None:
    address = replace(RIGHT, host=host, database=ODD, password=ODD, **where)
    assert SqlServerAddress.from_url(address.to_url()) == address
    assert address.faults() == {}


def test_a_url_as_a_person_writes_it_is_verified_by_default() -> None:
    address = SqlServerAddress.from_url("mssql+pymssql://reader:pa55@erp\\SAGE/Build.It Inc")
    assert (address.host, address.instance, address.port, address.database) == ("erp", "SAGE", None, "Build.It Inc")
    assert address.encryption is Encryption.VERIFIED
    options = "?encryption=required"
    assert SqlServerAddress.from_url(f"mssql+pymssql://r:p@erp:1/b{options}").encryption is Encryption.REQUIRED


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        *[(f"mssql+pyodbc://{LOGIN}:{SECRET}@h/d", "begins with"), (f"mssql://{LOGIN}:{SECRET}@h/d", "begins with")],
        *[(f"mssql+pymssql://{LOGIN}:{SECRET}@h/d?charset={SECRET}", "an option that is not known")],
        *[(f"mssql+pymssql://{LOGIN}:{SECRET}@h/d?{SECRET}=1", "an option that is not known")],
        *[(f"mssql+pymssql://{LOGIN}:{SECRET}@h/d?encryption=off&encryption=off", "one twice")],
        *[(f"mssql+pymssql://{LOGIN}:{SECRET}@h/d?encryption={SECRET}", "kind of encryption that is not known")],
    ],
)
def test_what_is_not_known_is_refused_and_not_ignored(url: str, problem: str) -> None:
    for use in (SqlServerAddress.from_url, lambda url: connector_for("sage100", url)):
        with pytest.raises(NeedsAttention, match=problem) as refused:
            use(url)
        assert_clear_and_without_secrets(refused.value)


@pytest.mark.parametrize(
    ("parts", "part", "sentence"),
    [
        ({"host": ""}, "host", "Enter the name"),
        ({"host": "erp.example.com."}, "host", "letters, digits"),
        ({"host": "erp,1433"}, "host", "instance and port stand apart"),
        ({"host": "erp\nca file = /tmp/x"}, "host", "letters, digits"),
        ({"port": 0}, "port", "from 1 to 65535"),
        ({"port": 65536}, "port", "from 1 to 65535"),
        ({"port": 1433, "instance": "SAGE"}, "instance", "not both"),
        ({"instance": "SA GE"}, "instance", "no blanks"),
        ({"instance": "SAGE;x"}, "instance", "no blanks"),
        ({"database": ""}, "database", "Enter the name of the company's database"),
        ({"database": "a\nb"}, "database", "line break"),
        ({"login": ""}, "login", "Enter the login"),
        ({"login": "x" * 129}, "login", "128 characters"),
        ({"password": "a\0b"}, "password", "line break"),
        ({"ca_file": "/etc/ca.pem"}, "ca_file", "only with verified encryption"),
        ({"encryption": Encryption.VERIFIED, "ca_file": "ca.pem"}, "ca_file", "full path"),
        ({"encryption": Encryption.VERIFIED, "ca_file": "/a\nhost = evil"}, "ca_file", "line breaks"),
        ({"encryption": Encryption.VERIFIED, "ca_file": "/a;b.pem"}, "ca_file", "without ; or #"),
        ({"encryption": Encryption.VERIFIED, "ca_file": "/a#b.pem"}, "ca_file", "without ; or #"),
        ({"encryption": Encryption.VERIFIED, "ca_file": "/a  b.pem"}, "ca_file", "double blanks"),
        ({"encryption": Encryption.VERIFIED, "ca_file": "/" + "x" * 200}, "ca_file", "200 bytes"),
        (
            {"encryption": Encryption.VERIFIED, "ca_file": "/no/such/file.pem"},
            "ca_file",
            "with a certificate in PEM form",
        ),
        ({"encryption": Encryption.VERIFIED, "ca_file": __file__}, "ca_file", "with a certificate in PEM form"),
    ],
)
def test_each_wrong_part_is_named(parts: dict, part: str, sentence: str) -> None:
    address = replace(RIGHT, **parts)
    assert sentence in address.faults()[part]
    assert list(address.faults()) == [part]
    with pytest.raises(NeedsAttention) as refused:
        connector_for("sage100", address.to_url())
    assert_clear_and_without_secrets(refused.value)


def test_what_is_wrong_with_a_ca_file_does_not_tell_what_files_there_are(tmp_path: Path) -> None:
    (tmp_path / "private.pem").write_text("secret")
    (tmp_path / "private.pem").chmod(0)
    os.mkfifo(tmp_path / "pipe")
    paths = [tmp_path / "missing.pem", tmp_path / "private.pem", tmp_path / "pipe", tmp_path, Path(__file__)]
    addresses = [replace(RIGHT, encryption=Encryption.VERIFIED, ca_file=str(path)) for path in paths]
    assert len({address.faults()["ca_file"] for address in addresses}) == 1


def test_a_ca_file_may_lie_in_a_folder_with_any_name(tmp_path: Path) -> None:
    (tmp_path / "Müller & Söhne = 100%").mkdir()
    authority = Authority(tmp_path / "Müller & Söhne = 100%")
    assert replace(RIGHT, encryption=Encryption.VERIFIED, ca_file=str(authority.ca_file)).faults() == {}


def test_a_printed_address_shows_neither_login_nor_password() -> None:
    for shown in (repr(RIGHT), str(RIGHT), f"{RIGHT}"):
        assert LOGIN not in shown
        assert SECRET not in shown
