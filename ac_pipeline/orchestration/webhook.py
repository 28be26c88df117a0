"""Alerts to an incoming webhook, as Slack and those that follow it take them."""

from __future__ import annotations

import logging

from pydantic import SecretStr

PATIENCE = 10.0
"""Seconds until a webhook counts as silent."""


def post(address: SecretStr, text: str) -> str:
    """Post a message; return why it did not arrive, or nothing. The address is a secret: it is never part of that."""
    import httpx  # only who alerts waits for it

    for name in ("httpx", "httpcore"):  # they log every URL
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        answer = httpx.post(address.get_secret_value(), json={"text": text}, timeout=PATIENCE, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"the webhook cannot be reached ({type(error).__name__})"
    return "" if answer.is_success else f"the webhook answered with HTTP {answer.status_code}"
