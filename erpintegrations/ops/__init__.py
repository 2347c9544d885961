"""What operators need: logging, health, deployment checks, addresses behind proxies. No business rule lives here."""
