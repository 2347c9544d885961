"""Settings come from the environment; every wrong or missing one is named at once, and never with its value."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from erpintegrations.environment import Environment, EnvironmentProblems, parse_environment
from tests.tooling.conftest import ROOT, plain_environment

KEY = "Zm9yLXRlc3RzLW9ubHktMDEyMzQ1Njc4OS0xMjM0NTY="
SECRET = "a-long-enough-secret-for-tests-0123456789-0123456789"
PRODUCTION = {"SECRET_KEY": SECRET, "ENCRYPTION_KEYS": KEY, "ALLOWED_HOSTS": "erp.example.com"}


def start(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=plain_environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Reads an environment that holds only these variables, with its data in a directory of its own."""

    def read(**variables: str) -> Environment:
        with monkeypatch.context() as patch:
            patch.setattr("os.environ", plain_environment(DATA_DIRECTORY=tmp_path / "data") | variables)
            return parse_environment(ROOT)

    return read


def problems_of(read, **variables: str) -> list[str]:
    with pytest.raises(EnvironmentProblems) as problems:
        read(**variables)
    return problems.value.lines


class TestStarting:
    @pytest.mark.parametrize("command", [("manage.py", "check"), ("-m", "gunicorn", "--bind", "127.0.0.1:0")])
    def test_names_all_that_is_missing_at_once_without_a_traceback(self, command):
        result = start(*command)
        assert result.returncode == 1
        assert "3 settings are wrong or missing" in result.stderr
        for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "ALLOWED_HOSTS"):
            assert f"\n  {name} is missing. " in result.stderr
        assert "Traceback" not in result.stderr

    def test_names_all_that_is_wrong_at_once_and_repeats_no_value(self):
        wrong = {
            "DEBUG": "perhaps-7531",
            "HTTPS": "perhaps-7531",
            "ALLOWED_HOSTS": "https://perhaps-7531/",
            "CSRF_TRUSTED_ORIGINS": "perhaps-7531",
            "TRUSTED_PROXIES": "perhaps-7531",
            "TASK_WORKERS": "7531",
            "TIME_ZONE": "Mars/perhaps-7531",
            "EMAIL_URL": "pigeon://u:perhaps-7531@h",
            "EMAIL_FROM": "perhaps-7531",
            "LOG_LEVEL": "perhaps-7531",
            "LOG_FORMAT": "perhaps-7531",
            "DATABASE_URL": "mysql://u:perhaps-7531@h/d",
            "SECRET_KEY": "perhaps-7531",
            "ENCRYPTION_KEYS": f"{KEY},perhaps-7531",
        }
        result = start("manage.py", "check", **wrong)
        assert result.returncode == 1
        assert f"{len(wrong)} settings are wrong" in result.stderr
        for name in wrong:
            assert f"\n  {name} " in result.stderr
        assert "7531" not in result.stderr + result.stdout

    def test_one_wrong_setting_is_told_in_the_singular(self):
        assert "one setting is wrong or missing" in start("manage.py", "check", **PRODUCTION, TIME_ZONE="Mars").stderr

    def test_starts_without_any_secret_in_the_sandbox(self, tmp_path):
        result = start("-c", "import erpintegrations.settings", SANDBOX="1", DATA_DIRECTORY=str(tmp_path))
        assert (result.returncode, result.stderr) == (0, "")


class TestValues:
    def test_production_is_safe_when_nothing_more_is_said(self, read):
        environment = read(**PRODUCTION)
        assert not environment.debug
        assert not environment.sandbox
        assert environment.https
        assert environment.log_format == "json"
        assert environment.trusted_proxies == 0

    def test_development_keys_are_made_once_and_kept_for_their_owner_alone(self, read, tmp_path):
        first, second = read(SANDBOX="1"), read(SANDBOX="1")
        assert first.secret_key == second.secret_key
        assert first.encryption_keys == second.encryption_keys
        for name in ("secret-key", "encryption-key"):
            assert (tmp_path / "data" / name).stat().st_mode & 0o777 == 0o600

    def test_a_secret_can_lie_in_a_file(self, read, tmp_path):
        (tmp_path / "key").write_text(f"{SECRET}\n")
        others = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}
        assert read(SECRET_KEY_FILE=str(tmp_path / "key"), **others).secret_key == SECRET

    def test_a_secret_file_that_cannot_be_read_is_named(self, read):
        assert problems_of(read, SANDBOX="1", SECRET_KEY_FILE="/nowhere") == [
            "SECRET_KEY cannot be read: SECRET_KEY_FILE must name a readable text file."
        ]

    def test_an_empty_variable_counts_as_missing(self, read):
        assert read(**PRODUCTION, TASK_WORKERS="", DATABASE_URL="", DEBUG=" ", EMAIL_URL="").task_workers == 4
        assert problems_of(read, **PRODUCTION | {"SECRET_KEY": ""})[0].startswith("SECRET_KEY is missing.")

    def test_lists_may_hold_spaces(self, read):
        environment = read(
            **PRODUCTION | {"ALLOWED_HOSTS": "a.example, b.example", "ENCRYPTION_KEYS": f"{KEY} , {KEY}"}
        )
        assert environment.allowed_hosts == ["a.example", "b.example"]
        assert environment.encryption_keys == [KEY, KEY]

    @pytest.mark.parametrize("hosts", ["*", "a.example,*", "https://a.example", "a.example:8000", "a b", ","])
    def test_hosts_are_plain_names(self, read, hosts):
        assert problems_of(read, **PRODUCTION | {"ALLOWED_HOSTS": hosts})[0].startswith("ALLOWED_HOSTS must be")

    def test_a_data_directory_that_cannot_be_made_is_named(self, read, tmp_path):
        (tmp_path / "file").touch()
        problems = problems_of(read, SANDBOX="1", DATA_DIRECTORY=str(tmp_path / "file" / "data"))
        assert problems[0].startswith("DATA_DIRECTORY (")

    def test_sqlite_files_of_companies_lie_in_the_data_directory_or_where_it_is_said(self, read, tmp_path):
        assert read(**PRODUCTION).sqlite_folders == [tmp_path / "data"]
        assert read(**PRODUCTION, SQLITE_FOLDERS="/srv/books, ~/b").sqlite_folders == [
            Path("/srv/books"),
            Path("~/b").expanduser(),
        ]

    def test_secrets_stay_out_of_the_text_form(self, read):
        assert SECRET not in repr(read(**PRODUCTION))


class TestDatabase:
    def test_sqlite_waits_for_its_turn_and_checks_foreign_keys(self, read, tmp_path):
        database = read(**PRODUCTION).database
        assert database["NAME"] == str(tmp_path / "data" / "erp-integrations.sqlite3")
        assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
        assert database["OPTIONS"]["timeout"] == 20
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            assert pragma in database["OPTIONS"]["init_command"]

    def test_sqlite_in_memory_is_refused(self, read):
        assert "must name a file" in problems_of(read, **PRODUCTION, DATABASE_URL="sqlite://:memory:")[0]

    def test_postgresql_keeps_connections_a_minute_and_says_its_name(self, read):
        database = read(**PRODUCTION, DATABASE_URL="postgres://u:p%40ss@db:5433/erp?sslmode=require").database
        assert (database["HOST"], database["PORT"], database["PASSWORD"]) == ("db", 5433, "p@ss")
        assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (60, True)
        assert database["OPTIONS"] == {"application_name": "erp-integrations", "sslmode": "require"}

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("postgres://u:p@h:notaport/erp", "is not a database URL"),
            ("postgres://u:p@h/", "lacks the name"),
            ("postgres://u:p@h/erp?pool=true", "must not ask for a pool"),
            ("oracle://u:p@h/erp", "must begin with"),
            ("nonsense", "is not a database URL"),
        ],
    )
    def test_any_other_url_is_refused_in_words(self, read, url, reason):
        assert reason in problems_of(read, **PRODUCTION, DATABASE_URL=url)[0]
