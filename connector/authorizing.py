"""Setting a connection up: a draft, an authorization, the question whether it is the right user, the change-over.

Until somebody confirms, the connection in use stays in use. What has to wait here while the browser is at
ServiceNow waits in the session, bound to one connection and good for ten minutes and one callback.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from accounts.models import AuditEntry, User
from connector import companion, sessions
from connector.clock import Clock
from connector.models import Connection, ConnectionStatus, Grant, Instance
from connector.servicenow import oauth
from connector.servicenow.errors import CodeRefused, Forbidden, PkceRefused, ServiceNowError, TokenRefused
from connector.servicenow.records import Tokens
from connector.sessions import Paused

logger = logging.getLogger(__name__)
SESSION_KEY = "servicenow_authorization"
ATTEMPT_LIFE = timedelta(minutes=10)


class AttemptRefused(Exception):
    """A callback that is not the answer to what was asked; `code` says why, as in `explanations`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def redirect_uri() -> str:
    """The address that ServiceNow must have registered, to the letter."""
    return f"{settings.PUBLIC_URL}{reverse('connector:callback')}"


@transaction.atomic
def save_draft(*, host: str, grant: str, client_id: str, client_secret: str, scope: str) -> Connection:
    """Keep what somebody typed as the one connection that is being set up. An empty secret means the one
    kept for it.
    """
    secret = client_secret or sessions.kept_client_secret(host, client_id)
    Connection.objects.drafts().delete()
    instance, _created = Instance.objects.get_or_create(host=host)
    draft = Connection.objects.create(instance=instance, grant=grant, client_id=client_id, scope=scope)
    sessions.keep_client_secret(draft, secret)
    return draft


def draft_of(current: Connection) -> Connection:
    """A new draft like the connection in use, so that it can be authorized again with one button."""
    return save_draft(
        host=current.instance.host,
        grant=current.grant,
        client_id=current.client_id,
        client_secret="",
        scope=current.scope,
    )


def has_client_secret(draft: Connection) -> bool:
    """Whether the client secret is known: it may be given up, or lie where it does not belong. Raises `Paused`."""
    return bool(sessions.oauth_client_of(draft).client_secret)


def begin(session: SessionBase, draft: Connection, now: datetime) -> str:
    """Where to send the browser for an authorization code. Raises `Paused`."""
    sessions.check_host(draft.instance)
    attempt = oauth.begin(draft.instance.origin, sessions.oauth_client_of(draft), redirect_uri())
    session[SESSION_KEY] = {
        "state": attempt.state,
        "verifier": sessions.seal(attempt.verifier, *verifier_of(draft, attempt.state)),
        "connection": draft.pk,
        "at": now.timestamp(),
    }
    return attempt.address


def finish(session: SessionBase, parameters: Mapping[str, str], now: datetime) -> Connection:
    """Take the callback: check that it answers the question, redeem the code, see who we are.

    Raises `AttemptRefused`, `Paused` or a `ServiceNowError`.
    """
    attempt = session.get(SESSION_KEY)
    if not attempt:
        raise AttemptRefused("no_attempt")
    if not constant_time_compare(attempt["state"], parameters.get("state", "")):
        raise AttemptRefused("wrong_state")
    session.pop(SESSION_KEY)
    if now.timestamp() - attempt["at"] > ATTEMPT_LIFE.total_seconds():
        raise AttemptRefused("too_late")
    if not parameters.get("code"):
        raise AttemptRefused("denied" if parameters.get("error") == "access_denied" else "no_code")
    draft = Connection.objects.drafts().filter(pk=attempt["connection"]).first()
    if draft is None:
        raise AttemptRefused("no_attempt")
    verifier = sessions.unseal(attempt["verifier"], *verifier_of(draft, attempt["state"]))
    tokens = _redeem(draft, parameters["code"], verifier, now)
    sessions.keep_tokens(draft, tokens, now)
    return look_who_we_are(draft, now)


def is_away(session: SessionBase, draft: Connection | None) -> bool:
    """Whether the browser was sent to ServiceNow to authorize this draft, and has not come back."""
    attempt = session.get(SESSION_KEY)
    return bool(attempt and draft and attempt["connection"] == draft.pk)


def verifier_of(draft: Connection, state: str) -> tuple[str, ...]:
    """What a sealed verifier is for: this attempt to authorize this connection to this instance."""
    return "session", "verifier", str(draft.pk), draft.instance.host, state


def _redeem(draft: Connection, code: str, verifier: str, now: datetime) -> Tokens:
    transport = sessions.transport_to(draft.instance, Clock(now))
    try:
        return oauth.redeem(transport, sessions.oauth_client_of(draft), code, verifier, redirect_uri())
    except PkceRefused:
        raise
    except TokenRefused as error:
        raise CodeRefused(error.detail, status=error.status) from error


def sign_in(draft: Connection, now: datetime) -> Connection:
    """Authorize by client credentials. Raises `Paused` or a `ServiceNowError`."""
    transport = sessions.transport_to(draft.instance, Clock(now))
    sessions.keep_tokens(draft, oauth.request_token(transport, sessions.oauth_client_of(draft)), now)
    return look_who_we_are(draft, now)


def look_who_we_are(draft: Connection, now: datetime) -> Connection:
    """Learn which user the tokens belong to; that user may be hidden from itself. Raises a
    `ServiceNowError`.
    """
    client = sessions.open_trial(draft, now=now)
    try:
        user = client.whoami()
    except Forbidden:
        # Hidden users are fine. A token that opens nothing at all (its entity has no auth scope) is not.
        client.list("task", "", ("sys_id",), 1)
        user = None
    if user is not None:
        draft.integration_user_sys_id = user.sys_id[:32]
        draft.integration_user_name = user.get("user_name")[:100]
        draft.integration_user_label = user.get("name")[:200]
        draft.save(
            update_fields=["integration_user_sys_id", "integration_user_name", "integration_user_label"]
        )
    Instance.objects.filter(pk=draft.instance_id).record_success(now)
    return draft


def enable(draft: Connection, actor: User, now: datetime) -> bool:
    """Put an authorized draft in the place of the connection in use. False when somebody else was quicker."""
    with transaction.atomic():
        replaced = Connection.objects.current().first()
        if replaced is not None:
            _retire(replaced)
        ready = Connection.objects.drafts().filter(pk=draft.pk, authorized_at=draft.authorized_at)
        if ready.update(status=ConnectionStatus.CONNECTED, is_current=True, authorized_by=actor) != 1:
            transaction.set_rollback(True)
            return False
        AuditEntry.objects.record(
            actor=actor,
            verb="servicenow.connected",
            target=draft.instance.host,
            grant=draft.grant,
            integration_user=draft.integration_user_name,
        )
    return True


def discard(actor: User) -> bool:
    """Forget what is being set up, by whomever. False when there was nothing.

    Its tokens are not handed back: ServiceNow may have given the very ones that the connection in use has.
    """
    with transaction.atomic():
        drafts = list(Connection.objects.drafts().select_related("instance").select_for_update(of=("self",)))
        for draft in drafts:
            draft.delete()
            AuditEntry.objects.record(
                actor=actor, verb="servicenow.draft_discarded", target=draft.instance.host
            )
    return bool(drafts)


def remove(connection: Connection, actor: User, now: datetime) -> None:
    """End the connection in use: its tokens are handed back where ServiceNow answers, its secrets are
    forgotten.
    """
    _say_removed(connection, now)
    try:
        tokens = sessions.revocable_tokens(connection)
    except Paused:
        tokens = []
    with transaction.atomic():
        _retire(connection)
        AuditEntry.objects.record(actor=actor, verb="servicenow.removed", target=connection.instance.host)
    try:
        transport = sessions.transport_to(connection.instance, Clock(now))
        for token in tokens:
            oauth.revoke(transport, token)
    except (ServiceNowError, Paused) as error:
        logger.warning("The tokens of %s could not be revoked: %s", connection.instance.host, error)


def _say_removed(connection: Connection, now: datetime) -> None:
    """Tell the connector app in ServiceNow, where the status was written there before."""
    if not connection.check_results.filter(name="status_table", finding="written").exists():
        return
    try:
        companion.say_removed(connection, sessions.open_client(connection, now=now), now)
    except (ServiceNowError, Paused) as error:
        logger.warning(
            "The end of the connection to %s was not noted there: %s", connection.instance.host, error
        )


def is_personal(connection: Connection, person: User) -> bool:
    """Whether the integration user looks like the account of the very person who is setting the connection
    up.
    """
    named = {connection.integration_user_name.lower(), connection.integration_user_label.lower()} - {""}
    own = {
        person.get_username(),
        person.email,
        person.email.partition("@")[0],
        person.get_full_name(),
        "admin",
    }
    return not named.isdisjoint({name.lower() for name in own})


def needs_browser(connection: Connection) -> bool:
    """Whether the integration user has to allow the portal in, in a browser."""
    return connection.grant == Grant.AUTHORIZATION_CODE


def _retire(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(
        status=ConnectionStatus.REMOVED, is_current=False, renewing_by=None, renewing_until=None
    )
    sessions.wipe(connection)
