"""A small company and a connector to it, for the tests of the connectors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pysqlbridge.certificate import Certificate

from erpintegrations.connectors import connector_for
from erpintegrations.connectors.base import Connector, ErpRecord
from tests.connectors.builder import SageCompany
from tests.connectors.certificates import Authority
from tests.connectors.tds_company import SageServer


@pytest.fixture
def company(tmp_path: Path) -> SageCompany:
    """A company without any records."""
    return SageCompany(tmp_path / "company.sqlite3")


@pytest.fixture
def job(company: SageCompany) -> int:
    return company.add_job("Town hall")


@pytest.fixture
def vendor(company: SageCompany) -> int:
    return company.add_vendor("Acme Concrete")


@pytest.fixture
def connector(company: SageCompany) -> Connector:
    return connector_for("sage100", company.database_url)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def certificate(authority: Authority) -> Certificate:
    """The one of a server on this machine."""
    return authority.issue("localhost", "127.0.0.1")


@pytest.fixture
def server(company: SageCompany, certificate: Certificate) -> Iterator[SageServer]:
    """The same company behind a SQL Server."""
    with SageServer(company, certificate) as server:
        yield server


def read(connector: Connector) -> dict[str, ErpRecord]:
    """Every record of a complete reading, by id."""
    with connector.reading() as reading:
        records = list(reading.records())
    assert len(records) == reading.counted
    return {record.erp_id: record for record in records}
