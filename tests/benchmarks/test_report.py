"""Results become a table that judges them, and a picture whose lines are where the figures say."""

from __future__ import annotations

from xml.etree import ElementTree

from benchmarks import report
from benchmarks.drawing import Series, draw


def result(case: str, ratio: float, *, target: float = 2, statements: int = 9) -> report.Result:
    times = {"median": ratio, "low": ratio - 0.1, "high": ratio + 0.1}
    return {
        "scenario": "synced_list",
        "case": case,
        "size": 1000,
        "against": "floor",
        "ours": times,
        "theirs": {"median": 1.0, "low": 1.0, "high": 1.0},
        "ratio": times,
        "target": target,
        "met": ratio <= target,
        "statements": {"read": statements - 1, "ERP": 1},
        "beside": {},
        "peak_memory": None,
        "most_memory": None,
    }


def test_a_few_cases_are_told_one_by_one():
    table = report._table([result("Cheap", 1.5), result("Dear", 2.5)])

    assert "| Synced list: Cheap | 1,000 | 1.5 s | 9 | floor | 1 s | 1.50 (1.40–1.60) | ≤ 2 | met |" in table
    assert "| Synced list: Dear | 1,000 | 2.5 s | 9 | floor | 1 s | 2.50 (2.40–2.60) | ≤ 2 | **not met** |" in table


def test_many_cases_are_told_in_one_row_and_those_not_met_below_it():
    cheap = [result(f"Page {number}", 1.0, statements=number) for number in range(5, 11)]

    table = report._table([*cheap, result("Dear", 2.5)])

    figures = "| 1,000 | 1 s | 5–10 | floor | 1 s | 1.00 (1.00–2.50) | ≤ 2 |"
    assert f"| Synced list: 7 pages {figures} met by 6, **not met** by 1 |" in table
    assert "- Synced list: Dear, 1,000, against floor: 2.50 (2.40–2.60), 2.5 s against 1 s" in table
    assert "Page 5" not in table


def test_memory_stands_in_a_table_of_its_own():
    table = report._table([result("Cheap", 1.5) | {"peak_memory": 400_000_000, "most_memory": 300_000_000}])

    assert "| Synced list: Cheap | 1,000 | 400 MB | ≤ 300 MB | **not met** |" in table


def test_each_line_is_drawn_and_named_and_twice_the_time_is_higher_up():
    picture = draw("Sync & more", [Series("ours", [(1000, 0.1), (10_000, 1.0)]), Series("floor", [(1000, 0.05)])])

    root = ElementTree.fromstring(picture)  # noqa: S314  our own picture
    space = "{http://www.w3.org/2000/svg}"
    texts = [text.text for text in root.iter(f"{space}text")]
    ours, floor = (line.get("points", "").split() for line in root.iter(f"{space}polyline"))
    assert {"Sync & more", "ours", "floor", "1,000", "10,000", "1 s"} <= set(texts)
    assert len(ours) == 2
    height = [float(point.split(",")[1]) for point in (*ours, *floor)]
    assert height[1] < height[0] < height[2]
