"""What we rely on when we sign in."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.servicenow import oauth
from connector.servicenow.auth import Bearer
from connector.servicenow.client import Client
from connector.servicenow.errors import NotAuthenticated, TokenRefused
from tests.contract.far_side import FarSide

MADE_UP = "made-up-token"


def test_a_token_lasts_for_minutes(far: FarSide) -> None:
    tokens = far.tokens()
    assert tokens.access_token
    assert tokens.expires_in >= timedelta(minutes=1)
    far.note("lifetime of an access token", tokens.expires_in)
    far.note("scope of a token", tokens.scope)


def test_a_wrong_client_secret_gets_no_token(far: FarSide) -> None:
    stranger = replace(far.oauth_client, client_secret=MADE_UP)
    with pytest.raises(TokenRefused) as caught:
        oauth.request_token(far.transport, stranger)
    far.note("refusal of a token", caught.value)


def test_a_refresh_token_renews_more_than_once(far: FarSide) -> None:
    """Client credentials come without one: there is nothing that could run out."""
    tokens = far.tokens()
    if far.user is None:
        far.note("client credentials come with a refresh token", bool(tokens.refresh_token))
        return
    first = oauth.refresh(far.transport, far.oauth_client, tokens.refresh_token)
    second = oauth.refresh(far.transport, far.oauth_client, first.refresh_token)
    assert second.access_token
    far.note("refresh tokens rotate", second.refresh_token != tokens.refresh_token)


def test_a_token_that_is_not_good_is_told_by_401(far: FarSide) -> None:
    client = Client(far.transport, Bearer(MADE_UP, lambda refused: refused))
    with pytest.raises(NotAuthenticated):
        client.list("incident", "", ["sys_id"], 1)
    assert far.client(MADE_UP).list("incident", "", ["sys_id"], 1) is not None


def test_a_token_can_be_taken_back(far: FarSide) -> None:
    tokens = far.tokens()
    oauth.revoke(far.transport, tokens.access_token)
    client = Client(far.transport, Bearer(tokens.access_token, lambda refused: refused))
    try:
        client.list("incident", "", ["sys_id"], 1)
        refused = False
    except NotAuthenticated:
        refused = True
    far.note("a revoked token is refused at once", refused)


def test_the_instance_says_who_we_are_or_nothing(far: FarSide, client: Client) -> None:
    user = client.whoami()
    far.note("the integration user may read its own row", user is not None)
    if user is not None:
        assert user.get("user_name")
        assert far.user is None or user.get("user_name") == far.user[0]
