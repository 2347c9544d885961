"""Each scenario runs at a small size and gives whole results. How long anything takes is asserted nowhere."""

from __future__ import annotations

import json
from itertools import islice

import pytest

from benchmarks.__main__ import keep
from benchmarks.harness import measure
from benchmarks.scenarios import TITLES, load

SIZE = 50
# Of a scenario with dozens of them.
CASES = 4

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("name", TITLES)
def test_a_scenario_compares_ours_with_each_other_way(name, tmp_path):
    results = [
        result
        for case in islice(load(name).cases(SIZE, tmp_path), CASES)
        for result in measure(name, case, database="a database", runs=1)
    ]

    assert results
    for result in results:
        assert result.size == SIZE
        assert result.ours.median > 0
        assert result.theirs.median > 0
        assert result.ratio.low <= result.ratio.median <= result.ratio.high
        assert (result.met is None) == (result.target is None)


def test_results_take_the_place_of_earlier_ones_of_the_same_case_alone(tmp_path):
    file = tmp_path / "results.json"
    [case] = load("sync_unchanged").cases(SIZE, tmp_path)
    keep(file, measure("sync_unchanged", case, database="one", runs=1))
    keep(file, measure("sync_unchanged", case, database="another", runs=1))
    keep(file, measure("sync_unchanged", case, database="one", runs=2))

    results = json.loads(file.read_text(encoding="utf-8"))["results"]

    assert [(result["database"], result["runs"]) for result in results] == [("another", 1), ("one", 2)]


def test_a_sync_that_finds_nothing_new_writes_its_run_and_when_masters_were_read_alone(tmp_path):
    [case] = load("sync_unchanged").cases(SIZE, tmp_path)

    [result] = measure("sync_unchanged", case, database="a database", runs=1)

    writes = {kind for kind in result.statements if kind not in ("ERP", "read")}
    assert writes == {
        "INSERT erpintegrations_syncrun",
        "UPDATE erpintegrations_syncrun",
        "UPDATE erpintegrations_erpconnection",
    }
    assert result.statements["UPDATE erpintegrations_erpconnection"] == 1
