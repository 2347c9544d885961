"""What was typed and must not be shown, carried from one step of a form to the next: encrypted, and for a while."""

from __future__ import annotations

import json

from cryptography.fernet import InvalidToken

from directory.models import Company, User
from erpintegrations.encryption import cipher

MINUTES = 30


def seal(texts: dict[str, str], *, user: User, company: Company) -> str:
    """This function will lock up texts for this person on this company's pages; "" when there are none."""
    kept = {name: text for name, text in texts.items() if text}
    if not kept:
        return ""
    return cipher().encrypt(json.dumps([user.pk, company.pk, kept]).encode()).decode()


def unseal(token: str, *, user: User, company: Company) -> dict[str, str]:
    """This function will give the texts back; none when the token is another's, too old, or not one of ours."""
    try:
        user_id, company_id, texts = json.loads(cipher().decrypt(token.encode(), ttl=MINUTES * 60))
    except (InvalidToken, ValueError, TypeError):
        return {}
    return texts if (user_id, company_id) == (user.pk, company.pk) else {}
