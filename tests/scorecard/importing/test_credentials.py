"""Signing in to Microsoft Graph with whatever the settings hold."""

from datetime import date

import pytest
from django.conf import LazySettings

from scorecard.graph import errors
from scorecard.importing import credentials, graph_client
from tests.scorecard.certificates import certificate, pem_of_key, rsa_key
from tests.scorecard.conftest import TODAY, Microsoft

PAST, AHEAD = "2026-11-01T00:00:00+00:00", "2027-11-01T00:00:00+00:00"


def tokens_asked(microsoft: Microsoft) -> list[object]:
    return [each["status"] for each in microsoft.asked() if each["route"] == "token"]


def test_of_two_secrets_the_one_that_is_good_signs_in(microsoft: Microsoft, settings: LazySettings) -> None:
    settings.GRAPH_CLIENT_SECRET, settings.GRAPH_CLIENT_SECRET_NEXT = "old", "new"
    microsoft.has(secrets={"old": AHEAD})
    assert graph_client.open_client(now=TODAY)
    microsoft.has(secrets={"old": PAST, "new": AHEAD})
    assert graph_client.open_client(now=TODAY)
    microsoft.has(secrets={"new": AHEAD})
    assert graph_client.open_client(now=TODAY)
    assert tokens_asked(microsoft) == [200, 401, 200, 401, 200]


def test_where_neither_is_good_the_one_in_use_says_why(microsoft: Microsoft, settings: LazySettings) -> None:
    settings.GRAPH_CLIENT_SECRET, settings.GRAPH_CLIENT_SECRET_NEXT = "old", "mistyped"
    microsoft.has(secrets={"old": PAST})
    with pytest.raises(errors.TokenRefused) as refused:
        graph_client.open_client(now=TODAY)
    assert refused.value.code == 7000222


def test_what_is_no_fault_of_the_secret_is_not_tried_with_another(
    microsoft: Microsoft, settings: LazySettings
) -> None:
    settings.GRAPH_CLIENT_SECRET_NEXT = "new"
    microsoft.fault(kind="disabled_application", route="token", times=9)
    with pytest.raises(errors.TokenRefused):
        graph_client.open_client(now=TODAY)
    assert tokens_asked(microsoft) == [400]


def test_a_certificate_signs_in_without_any_secret(microsoft: Microsoft, settings: LazySettings) -> None:
    settings.GRAPH_CLIENT_SECRET = ""
    settings.GRAPH_CLIENT_CERTIFICATE = (mine := certificate()) + pem_of_key(rsa_key())
    assert graph_client.missing_settings() == []
    microsoft.has(certificates=[mine])
    assert graph_client.open_client(now=TODAY).secure_scores(days=1)


def test_certificates_take_turns_and_a_secret_comes_last(
    microsoft: Microsoft, settings: LazySettings
) -> None:
    """While a certificate takes a secret's place both are set, and whichever is good signs in."""
    old, new = certificate(), certificate(rsa_key(2))
    settings.GRAPH_CLIENT_CERTIFICATE = old + pem_of_key(rsa_key())
    settings.GRAPH_CLIENT_CERTIFICATE_NEXT = new + pem_of_key(rsa_key(2))
    settings.GRAPH_CLIENT_SECRET = "secret"
    microsoft.has(secrets={"secret": None}, certificates=[old, new])
    assert graph_client.open_client(now=TODAY)
    microsoft.has(secrets={"secret": None}, certificates=[new])
    assert graph_client.open_client(now=TODAY)
    microsoft.has(secrets={"secret": None})
    assert graph_client.open_client(now=TODAY)
    assert tokens_asked(microsoft) == [200, 401, 200, 401, 401, 200]


def test_a_certificate_that_ended_is_refused(microsoft: Microsoft, settings: LazySettings) -> None:
    mine = certificate(days=30)
    settings.GRAPH_CLIENT_SECRET = ""
    settings.GRAPH_CLIENT_CERTIFICATE = mine + pem_of_key(rsa_key())
    microsoft.has(certificates=[mine])
    with pytest.raises(errors.TokenRefused, match="expired"):
        graph_client.open_client(now=TODAY)


def test_the_last_known_end_counts(settings: LazySettings) -> None:
    def last() -> tuple[str, date | None] | None:
        found = credentials.last_to_end(credentials.stored())
        return (found.name, found.ends_on) if found else None

    assert last() is None
    settings.GRAPH_CLIENT_SECRET, settings.GRAPH_CLIENT_SECRET_EXPIRES_ON = "old", date(2026, 12, 1)
    settings.GRAPH_CLIENT_SECRET_NEXT = "new"
    assert last() == ("GRAPH_CLIENT_SECRET", date(2026, 12, 1))
    settings.GRAPH_CLIENT_SECRET_NEXT_EXPIRES_ON = date(2027, 12, 1)
    assert last() == ("GRAPH_CLIENT_SECRET_NEXT", date(2027, 12, 1))
    settings.GRAPH_CLIENT_CERTIFICATE = certificate(days=3650) + pem_of_key(rsa_key())
    assert last() == ("GRAPH_CLIENT_CERTIFICATE", date(2035, 12, 30))
