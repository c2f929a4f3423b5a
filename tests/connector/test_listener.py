"""The listener hears what it is there to hear."""

import logging

import pytest

from connector.servicenow.errors import NoAnswer
from tests.connector.canaries import Listener, leaks_of

logger = logging.getLogger("connector.servicenow")


@pytest.mark.parametrize("secret", ["scoredesk-secret", "Aa0-" * 21, "canary-password"])
def test_a_secret_in_a_log_line_or_its_traceback_is_heard(listener: Listener, secret: str) -> None:
    logger.debug("Sent %s.", secret)
    try:
        raise NoAnswer(secret)
    except NoAnswer:
        logger.exception("It went wrong.")
    heard, listener.leaks[:] = len(listener.leaks), []
    assert heard == 2


def test_a_secret_in_what_an_error_shows_or_comes_from_is_found() -> None:
    error = NoAnswer("nothing")
    assert leaks_of(error) == []
    error.__cause__ = ValueError("canary")
    assert leaks_of(error) == ["canary"]
    assert leaks_of(NoAnswer("", transaction_id="canary")) == ["canary"]


def test_ids_are_no_secrets() -> None:
    known = "sys_id 0123456789abcdef0123456789abcdef, key 8a7b6c5d-1234-4a5b-8c7d-0123456789ab"
    assert leaks_of(NoAnswer(known)) == []
