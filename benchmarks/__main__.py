"""The command: `python -m benchmarks [SCENARIO …] [--size N] [--runs N] [--database URL] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import machine
from benchmarks.database import Database, Unusable, describe, own_database, renewed
from benchmarks.scenarios import TITLES, load

if TYPE_CHECKING:
    from benchmarks.harness import Result


def main() -> int:
    """This function will run what the command line asks for, print a line for each result, and keep them as JSON."""
    arguments = _arguments()
    if arguments.list:
        print("\n".join(f"{name}: {title}" for name, title in TITLES.items()))
        return 0
    try:
        _check_names(arguments.scenarios)
        with (
            tempfile.TemporaryDirectory(prefix="benchmarks-") as folder,
            own_database(arguments.database, Path(folder)) as database,
        ):
            return _run(arguments, database, Path(folder))
    except Unusable as problem:
        print(f"benchmarks: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="which; all when none is named")
    parser.add_argument("--list", action="store_true", help="name the scenarios, and end")
    parser.add_argument("--size", type=_positive, metavar="N", help="this many records instead of the usual sizes")
    parser.add_argument("--runs", type=_positive, metavar="N", help="this many runs instead of the usual ones")
    parser.add_argument("--database", metavar="URL", help="a PostgreSQL server; without it, a SQLite file is made")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the results here, beside others of before")
    return parser.parse_args()


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


def _check_names(names: list[str]) -> None:
    unknown = sorted(set(names) - set(TITLES))
    if unknown:
        raise Unusable(f"There is no scenario {', '.join(unknown)}. There are: {', '.join(TITLES)}.")


def _run(arguments: argparse.Namespace, database: Database, folder: Path) -> int:
    from benchmarks.harness import measure  # imports models, so Django has to be there first

    for name in arguments.scenarios or TITLES:
        scenario = load(name)
        if scenario.SKIPPED:
            print(f"{TITLES[name]}: {scenario.SKIPPED}", file=sys.stderr)
        for size in [arguments.size] if arguments.size else scenario.SIZES:
            renewed(database)
            with tempfile.TemporaryDirectory(dir=folder) as own_folder:
                for case in scenario.cases(size, Path(own_folder)):
                    results = measure(name, case, database=describe(), runs=arguments.runs)
                    for result in results:
                        print(_line(result), flush=True)
                    if arguments.json:
                        keep(arguments.json, results)
    return 0


def _line(result: Result) -> str:
    target = "" if result.target is None else f", target {result.target:g}: {'met' if result.met else 'NOT MET'}"
    ratio = result.ratio
    memory = "" if result.peak_memory is None else f", {result.peak_memory / 10**6:.0f} MB at most"
    beside = "".join(f", {name} {value:g}" for name, value in result.beside.items())
    return (
        f"{result.case}, {result.size:,}, {result.database}: {result.ours.median:.3f} s, {result.against} "
        f"{result.theirs.median:.3f} s, ratio {ratio.median:.2f} ({ratio.low:.2f}–{ratio.high:.2f})"
        f"{target}{memory}{beside}"
    )


def keep(file: Path, results: list[Result]) -> None:
    """This function will put results into a file, in the place of earlier ones of the same case."""
    kept: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["results"] if file.exists() else []
    new = [result.as_json() for result in results]
    replaced = {_key(result) for result in new}
    kept = [result for result in kept if _key(result) not in replaced]
    content = {"machine": machine.describe(), "results": [*kept, *new]}
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _key(result: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(result[name] for name in ("scenario", "case", "size", "database", "against"))


if __name__ == "__main__":
    sys.exit(main())
