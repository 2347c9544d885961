"""What an action takes, each need with the sentence that says it is missing, and how a row of the table is written."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.urls import reverse

from directory.models import Company, Level
from tests.web.stage import Rights, Stage

NOT_ON_THE_TEAM = None
NONE, READ_ONLY, STANDARD, ADMIN = Level


@dataclass(frozen=True)
class Need:
    is_met: Callable[[Rights], bool]
    sentence: str


def on_erp(level: Level) -> Need:
    sentence = f"This needs {level.label} on the company's ERP Integrations tool; you have"
    return Need(lambda rights: rights.erp >= level, sentence)


def on_commitments(level: Level) -> Need:
    sentence = f"This needs {level.label} on the Commitments tool of project 2401 Riverside Clinic; you have"
    return Need(lambda rights: (rights.commitments or NONE) >= level, sentence)


PRIVILEGE = Need(lambda rights: rights.privilege, "This needs the privilege 'Can Push to Accounting'")
ON_THE_TEAM = Need(lambda rights: rights.commitments is not None, "(no sentence: the project does not exist for them)")
UNLINK = (on_erp(READ_ONLY), on_commitments(ADMIN), on_erp(STANDARD), PRIVILEGE)
WRITE = (ON_THE_TEAM, on_commitments(ADMIN))
ACCOUNTING = (on_erp(READ_ONLY), on_erp(STANDARD), PRIVILEGE)
REASON = {"reason": "The vendor is wrong."}


def only_the_company(stage: Stage) -> tuple[Any, ...]:
    """The arguments of an address that names nothing but the company."""
    return ()


@dataclass(frozen=True)
class Action:
    """One row: what is done at which address, what it takes, and what it then did.

    Without `happens` the answer itself is the effect. `answers_per_row` is a page that anybody with its first need
    gets, and that says of each row whether it may be done. `words` are the parts of the address that name nothing of
    a company's.
    """

    name: str
    route: str
    needs: tuple[Need, ...] = ()
    arguments: Callable[[Stage], tuple[Any, ...]] = only_the_company
    method: str = "get"
    data: Callable[[Stage], dict[str, Any]] = lambda stage: {}
    happens: Callable[[Stage], bool] | None = None
    query: dict[str, str] = field(default_factory=dict)
    answers_per_row: bool = False
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name

    def address(self, stage: Stage, company: Company | None = None) -> str:
        return reverse(self.route, args=[(company or stage.company).slug, *self.words, *self.arguments(stage)])

    def send(self, client: Client, stage: Stage, company: Company | None = None) -> Any:
        if self.method == "get":
            return client.get(self.address(stage, company), self.query)
        return client.post(self.address(stage, company), self.data(stage))
