"""The company's history: the list with its filters, and the same as CSV."""

import csv
import io
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from directory.activity import Entry, record, record_many
from directory.models import SubjectType, Verb
from tests.factories import CommitmentFactory, CompanyFactory


def entry(project, **fields) -> Entry:
    about = {
        "company_id": project.company_id,
        "project_id": project.pk,
        "verb": Verb.UNLINKED,
        "subject_type": SubjectType.COMMITMENT,
        "subject_id": 1,
        "subject_label": "Subcontract SC-1042",
        "at": timezone.now(),
    }
    return Entry(**(about | fields))


@pytest.fixture
def address(company) -> str:
    return reverse("history", args=[company.slug])


@pytest.fixture
def csv_address(company) -> str:
    return reverse("history_csv", args=[company.slug])


def lines_of(answer) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode()
    return list(csv.reader(io.StringIO(text)))


def test_the_history_is_this_companys_alone_newest_first(client, viewer, project, address):
    record(entry(project, subject_label="The older"))
    record(entry(project, subject_label="The newer"))
    record(entry(CommitmentFactory(project__company=CompanyFactory()).project, subject_label="Of another company"))
    client.force_login(viewer)
    page = client.get(address).content.decode()
    assert page.index("The newer") < page.index("The older")
    assert "Of another company" not in page


def test_the_history_is_narrowed_down_by_the_address(client, viewer, approver, project, address):
    record(entry(project, subject_label="By a person", actor=approver))
    record(entry(project, subject_label="By the sync", verb=Verb.PRESENCE_CHANGED))
    client.force_login(viewer)
    assert "By the sync" not in client.get(address, {"actor": approver.pk}).content.decode()
    assert "By a person" not in client.get(address, {"verb": "presence_changed"}).content.decode()
    assert "No entry matches" in client.get(address, {"until": "2001-01-01"}).content.decode()


@pytest.mark.parametrize("query", ["actor=999999", "since=yesterday", "verb=%00", "project=x", "at=broken"])
def test_a_broken_filter_is_named_and_shows_a_page(client, viewer, project, address, csv_address, query):
    client.force_login(viewer)
    assert client.get(f"{address}?{query}").status_code == 200
    assert client.get(f"{csv_address}?{query}").status_code == 200


def test_the_csv_has_every_entry_of_the_filter(client, viewer, project, csv_address):
    record_many(entry(project, subject_label=f"SC-{n}") for n in range(120))
    record(entry(project, verb=Verb.LINKED, subject_label="left out"))
    client.force_login(viewer)
    answer = client.get(csv_address, {"verb": "unlinked"})
    assert answer.streaming
    lines = lines_of(answer)
    assert lines[0][:5] == ["Entry", "When (UTC)", "What", "Kind of thing", "Thing"]
    assert [line[4] for line in lines[1:3]] == ["SC-119", "SC-118"]
    assert len(lines) == 121


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_no_cell_of_the_csv_is_run_as_a_formula(client, viewer, project, csv_address, start):
    record(entry(project, reason=f"{start}cmd|' /C calc'!A1"))
    client.force_login(viewer)
    assert lines_of(client.get(csv_address))[1][7].startswith("'")


def test_the_number_of_queries_does_not_grow(client, viewer, project, address, query_count):
    record(entry(project))
    client.force_login(viewer)
    before = query_count(address)
    record_many(entry(project) for _ in range(60))
    assert query_count(address) == before


def test_an_entry_says_what_changed_in_words_and_amounts(client, viewer, project, address):
    before, after = (
        {"presence": "In the ERP", "invoiced_amount": "0.00"},
        {"presence": "Deleted", "invoiced_amount": "247630.00"},
    )
    record(entry(project, before=before, after=after))
    record(entry(project, after={"links_compared": 150}))
    client.force_login(viewer)
    page = " ".join(re.sub(r"<[^>]+>", " ", client.get(address).content.decode()).split())
    assert "State in the ERP: In the ERP → became Deleted" in page
    assert "Invoiced amount: 0.00 → became 247,630.00" in page
    assert "Links compared: 150" in page
