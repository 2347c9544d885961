"""The company's history: the list with its filters, and the same as CSV."""

import csv
import io
import re
import tracemalloc

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from directory.activity import Entry, record, record_many
from directory.models import CompanyMember, SubjectType, Verb
from erpintegrations.selectors.keyset import READ_AT_ONCE
from tests.factories import CommitmentFactory, CompanyFactory, CompanyMemberFactory, SyncLinkFactory


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
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


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


def test_all_that_happened_to_one_commitment_is_found_by_its_number(client, viewer, project, connection, address):
    here = CommitmentFactory(project=project, number="SC-7")
    link = SyncLinkFactory(connection=connection, commitment=CommitmentFactory(project=project), erp_number="1042")
    record(entry(project, subject_id=here.pk, subject_label="By our number"))
    record(entry(project, subject_id=link.commitment_id, subject_label="By the number there"))
    deleted = entry(project, subject_id=99, verb=Verb.COMMITMENT_DELETED, subject_label="Subcontract SC-8 Gone")
    record_many([deleted, entry(project, subject_id=98, subject_label="Subcontract SC-80 Another")])
    client.force_login(viewer)

    def found(number):
        return words(client.get(address, {"number": number}))

    assert "By our number" in found("sc-7")
    assert "By the number there" in found(" 1042 ")
    assert "Subcontract SC-8 Gone" in found("SC-8")
    assert "SC-80" not in found("SC-8").replace('value="SC-8"', "")
    assert "No entry matches" in found("SC-9")


@pytest.mark.parametrize("query", ["actor=999999", "since=yesterday", "verb=%00", "project=x", "at=broken"])
def test_a_broken_filter_is_named_and_shows_a_page(client, viewer, project, address, csv_address, query):
    client.force_login(viewer)
    assert client.get(f"{address}?{query}").status_code == 200


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("actor=999999", "Who"),
        ("since=yesterday", "From"),
        ("verb=%00", "What happened"),
        ("project=x&until=x", "Project, To"),
    ],
)
def test_a_broken_filter_makes_no_csv_and_leads_back(client, viewer, project, address, csv_address, query, named):
    record(entry(project))
    client.force_login(viewer)
    answer = client.get(f"{csv_address}?{query}", follow=True)
    assert answer.redirect_chain[0][0].startswith(f"{address}?")
    assert answer["Content-Type"].startswith("text/html")
    page = words(answer)
    assert f"No file was made: this filter in its address cannot be understood: {named}." in page


def test_a_place_in_the_list_is_no_filter_of_the_csv(client, viewer, project, csv_address):
    record(entry(project))
    client.force_login(viewer)
    assert len(lines_of(client.get(csv_address, {"at": "broken"}))) == 2


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


def test_the_csv_is_read_so_many_entries_at_a_time_and_leaves_none_out(client, viewer, project, csv_address):
    record_many(entry(project, subject_label=f"SC-{n}") for n in range(2 * READ_AT_ONCE + 1))
    client.force_login(viewer)
    with CaptureQueriesContext(database) as queries:
        answer = client.get(csv_address)
        lines = lines_of(answer)
    assert [line[4] for line in lines[1:]] == [f"SC-{n}" for n in reversed(range(2 * READ_AT_ONCE + 1))]
    reads = [query["sql"] for query in queries if 'FROM "directory_activity"' in query["sql"]]
    assert len(reads) == 3, "two batches that are full, and one that is not"
    assert all(f"LIMIT {READ_AT_ONCE}" in sql for sql in reads)


def test_the_csv_takes_no_more_memory_when_it_is_longer(client, viewer, project, csv_address):
    def most_memory() -> int:
        tracemalloc.start()
        try:
            for _ in client.get(csv_address).streaming_content:
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    client.force_login(viewer)
    record_many(entry(project, reason=1000 * "x") for _ in range(2 * READ_AT_ONCE))
    before = most_memory()
    record_many(entry(project, reason=1000 * "x") for _ in range(4 * READ_AT_ONCE))
    assert most_memory() < 1.3 * before


def test_what_happens_while_the_csv_is_sent_is_not_in_it(client, viewer, project, csv_address):
    record_many(entry(project) for _ in range(READ_AT_ONCE + 1))
    client.force_login(viewer)
    content = iter(client.get(csv_address).streaming_content)
    first = [next(content) for _ in range(2)]
    record(entry(project, subject_label="Later"))
    rest = b"".join([*first, *content])
    assert b"Later" not in rest
    assert rest.count(b"\r\n") == READ_AT_ONCE + 2


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


@pytest.mark.parametrize("verb", [Verb.PRESENCE_CHANGED, Verb.AMOUNT_CHANGED, Verb.RECORD_CHANGED])
def test_who_asked_is_not_who_changed_it_in_the_erp(client, viewer, approver, project, address, csv_address, verb):
    record(entry(project, verb=verb, actor=approver))
    record(entry(project, verb=verb))
    client.force_login(viewer)
    page = words(client.get(address))
    assert f"Noticed by {approver} ·" in page
    assert "Noticed by the hourly sync ·" in page
    assert [line[6] for line in lines_of(client.get(csv_address))[1:]] == [
        "Noticed by the hourly sync",
        f"Noticed by {approver}",
    ]


def test_what_a_person_did_is_theirs(client, viewer, approver, project, csv_address):
    record(entry(project, actor=approver))
    client.force_login(viewer)
    assert lines_of(client.get(csv_address))[1][6] == str(approver)


def test_a_run_that_waits_for_confirmation_found_and_did_not_record(client, viewer, project, address):
    after = {"problem": "139 are missing.", "links_compared": 200, "deleted": 139}
    record(entry(project, verb=Verb.SYNC_NEEDS_CONFIRMATION, after=after))
    client.force_login(viewer)
    page = words(client.get(address))
    assert "Links compared: 200" in page
    assert "Deleted (found, not recorded): 139" in page


def test_who_offers_everybody_who_has_acted_and_what_happened_by_itself(client, viewer, approver, project, address):
    record(entry(project, subject_label="By a person", actor=approver))
    record(entry(project, subject_label="By the sync"))
    CompanyMember.objects.filter(user=approver).delete()
    elsewhere = CompanyMemberFactory().user
    client.force_login(viewer)
    offered = dict(client.get(address).context["filter"].form.fields["actor"].choices)
    assert list(offered.values()) == ["Anybody", "ERP Integrations itself", str(approver)]
    assert str(elsewhere) not in offered.values()
    page = words(client.get(address, {"actor": approver.pk}))
    assert "By a person" in page
    assert "By the sync" not in page
    page = words(client.get(address, {"actor": "null"}))
    assert "By the sync" in page
    assert "By a person" not in page


def test_the_csv_says_before_and_after_in_words(client, viewer, project, csv_address):
    before = {"presence": "Deleted", "erp_status": "Synced", "erp_amount": "1234.50"}
    record(entry(project, before=before, after={"erp_status": "Not sent", "left_in_erp": True}))
    client.force_login(viewer)
    told = [set(cell.split("; ")) for cell in lines_of(client.get(csv_address))[1][8:10]]
    assert told == [
        {"State in the ERP: Deleted", "ERP status: Synced", "Amount in the ERP: 1,234.50"},
        {"ERP status: Not sent", "Left in the ERP: Yes"},
    ]


def test_a_spreadsheet_knows_the_csvs_alphabet(client, viewer, project, csv_address):
    record(entry(project, reason="Deleted in Sage 100 Contractor®"))
    client.force_login(viewer)
    content = b"".join(client.get(csv_address).streaming_content)
    assert content.startswith(b"\xef\xbb\xbfEntry,")
    assert content.count(b"\xef\xbb\xbf") == 1
    assert "Sage 100 Contractor®".encode() in content
