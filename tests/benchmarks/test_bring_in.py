"""The measurement of bringing a company in runs at a small size, and would notice what is missing."""

import pytest

from benchmarks.bring_in import Newcomer, measure

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_company_is_brought_in_whole(tmp_path, capsys):
    measure(tmp_path / "sage.sqlite3", 3, 5, 40)
    printed = capsys.readouterr().out
    assert "3 jobs, 5 vendors, 40 commitments" in printed
    assert "Bring in every commitment" in printed
    company = Newcomer.__new__(Newcomer)
    company.sage = tmp_path / "sage.sqlite3"
    with pytest.raises(RuntimeError, match="Not everything was brought in"):
        company.check(3, 5, 41)
