"""The page of results from kept results: `python -m benchmarks.report FILE …`, with nothing typed by hand.

Writes the tables into docs/performance.md, between its two marks, and the pictures of time against size beside it.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.drawing import Series, draw
from benchmarks.scenarios import TITLES

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE, PICTURES = DOCS / "performance.md", DOCS / "pictures"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
HEAD = (
    "| work | size | ours | statements | against | theirs | ratio | target | |\n|---|--:|--:|--:|---|--:|--:|--:|---|"
)
# So many cases of one scenario, at one size and against the same, are told in one row.
MANY = 6

Result = dict[str, Any]


def main() -> int:
    """This function will render what the files hold. Each is of one run of `--json`."""
    files = [json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]]
    if not files:
        print("benchmarks.report: name the files that --json has made.", file=sys.stderr)
        return 2
    parts = [_machine(file) + "\n" for file in files[:1]]
    results = [result for file in files for result in file["results"]]
    for database, own in sorted(_grouped(results, "database").items(), reverse=True):
        parts.append(f"### {database}\n\n{_table(own)}\n")
    for scenario, title in TITLES.items():
        if picture := _picture(title, [result for result in results if result["scenario"] == scenario]):
            name = f"performance-{scenario.replace('_', '-')}.svg"
            (PICTURES / name).write_text(picture, encoding="utf-8")
            parts.append(f"![{title}: seconds against the number of records](pictures/{name})\n")
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{chr(10).join(parts)}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    return 0


def _machine(file: Result) -> str:
    machine = file["machine"]
    return (
        f"Measured on {machine['date']}: {machine['processor']}, {machine['cores']} cores, {machine['memory']}, "
        f"{machine['system']}, Python {machine['python']}."
    )


def _table(results: list[Result]) -> str:
    rows, missed = [HEAD], []
    order = list(TITLES)
    ordered = sorted(results, key=lambda r: (order.index(r["scenario"]), r["size"]))
    for cases in _grouped(ordered, "scenario", "size", "against").values():
        if len(cases) < MANY:
            rows += [_row(result) for result in cases]
        else:
            rows.append(_row_of_many(cases))
            missed += [f"- {_missed(result)}" for result in cases if result["met"] is False]
    if missed:
        rows += ["", "Not met of those told in one row:", "", *missed]
    return "\n".join([*rows, *_memory_table(results)])


def _row(result: Result) -> str:
    met = "" if result["target"] is None else "met" if result["met"] else "**not met**"
    return _cells(_work(result), result, _seconds(result["ours"]), _seconds(result["theirs"]), _ratio(result), met)


def _row_of_many(cases: list[Result]) -> str:
    """Medians of all of them; the ratio's brackets are the best and the worst of them."""
    ratios = [result["ratio"]["median"] for result in cases]
    ratio = {"median": median(ratios), "low": min(ratios), "high": max(ratios)}
    ours, theirs = ({"median": median(result[whose]["median"] for result in cases)} for whose in ("ours", "theirs"))
    judged = [result for result in cases if result["target"] is not None]
    met = sum(result["met"] for result in judged)
    verdict = f"met by {met}" + (f", **not met** by {len(judged) - met}" if met < len(judged) else "") if judged else ""
    name = f"{TITLES[cases[0]['scenario']]}: {len(cases)} pages"
    told = cases[0] | {"ratio": ratio, "statements": {"least": min(_sent(one) for one in cases)}}
    most = max(_sent(one) for one in cases)
    return _cells(name, told, _seconds(ours), _seconds(theirs), _ratio(told), verdict, most=most)


def _cells(work: str, of: Result, ours: str, theirs: str, ratio: str, met: str, *, most: int = 0) -> str:
    limit = "" if of["target"] is None else f"≤ {of['target']:g}"
    sent = _sent(of)
    statements = "" if not sent else f"{sent:,}–{most:,}" if most > sent else f"{sent:,}"
    return (
        f"| {work} | {of['size']:,} | {ours} | {statements} | {of['against']} | {theirs} | {ratio} | {limit} | {met} |"
    )


def _ratio(result: Result) -> str:
    ratio = result["ratio"]
    return f"{_number(ratio['median'])} ({_number(ratio['low'])}–{_number(ratio['high'])})"


def _sent(result: Result) -> int:
    """How many statements ours sent to both databases."""
    return sum(result["statements"].values())


def _missed(result: Result) -> str:
    return (
        f"{_work(result)}, {result['size']:,}, against {result['against']}: {_ratio(result)}, "
        f"{_seconds(result['ours'])} against {_seconds(result['theirs'])}"
    )


def _memory_table(results: list[Result]) -> list[str]:
    memory = [result for result in results if result["peak_memory"]]
    rows = ["", "| work | size | peak memory | target | |", "|---|--:|--:|--:|---|"] if memory else []
    for result in memory:
        most, peak = result["most_memory"], result["peak_memory"]
        met = "" if most is None else "met" if peak <= most else "**not met**"
        rows.append(
            f"| {_work(result)} | {result['size']:,} | {peak / 10**6:.0f} MB | "
            f"{'' if most is None else f'≤ {most / 10**6:.0f} MB'} | {met} |"
        )
    return rows


def _work(result: Result) -> str:
    beside = ", ".join(f"{name}: {value:g}" for name, value in result["beside"].items())
    return f"{TITLES[result['scenario']]}: {result['case']}{beside and f' ({beside})'}"


def _seconds(times: Result) -> str:
    return f"{times['median']:.3g} s" if times["median"] < 100 else f"{times['median']:.0f} s"


def _number(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}"


def _picture(title: str, results: list[Result]) -> str:
    """Ours and theirs by size, where there are several sizes; of many cases, their median."""
    series: dict[str, Series] = {}
    for (database, against), cases in _grouped(results, "database", "against").items():
        by_size = _grouped(cases, "size")
        if len(by_size) > 1:
            for name, whose in ((f"{database}: ours", "ours"), (f"{database}: {against}", "theirs")):
                points = [(size, median(one[whose]["median"] for one in same)) for size, same in by_size.items()]
                series.setdefault(name, Series(name, sorted(points)))
    return draw(title, list(series.values())) if series else ""


def _grouped(results: Iterable[Result], *names: str) -> dict[Any, list[Result]]:
    groups: dict[Any, list[Result]] = defaultdict(list)
    for result in results:
        key = tuple(result[name] for name in names)
        groups[key if len(names) > 1 else key[0]].append(result)
    return groups


if __name__ == "__main__":
    sys.exit(main())
