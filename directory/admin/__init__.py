"""The section *Company Directory* of the administration site. Found by Django; nothing else imports it."""

from directory.admin import access_attempts, companies, history, members, people, privilege_requests

__all__ = ["access_attempts", "companies", "history", "members", "people", "privilege_requests"]
