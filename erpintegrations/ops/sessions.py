"""Sessions in the database. Only the settings name this."""

from __future__ import annotations

import re

from django.contrib.sessions.backends import db

KEY = re.compile(r"[0-9a-z]{8,40}")


class SessionStore(db.SessionStore):
    """Django's, but for keys that it cannot have made: a forged one with a null byte is an error in PostgreSQL."""

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key and KEY.fullmatch(key))
