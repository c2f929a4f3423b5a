"""Setting a connection up: a draft, an authorization, the question whether it is the right user, the change-over.

Until somebody confirms, the connection in use stays in use. What has to wait here while the browser is at
ServiceNow waits in the session, bound to one connection and good for ten minutes and one callback.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from accounts.models import AuditEntry, User
from connector.access import client_factory
from connector.access.client_factory import Pause, Paused
from connector.clock import Clock
from connector.health import status_table
from connector.models import Connection, ConnectionStatus, Grant, Instance
from connector.servicenow import oauth
from connector.servicenow.errors import CodeRefused, Forbidden, PkceRefused, ServiceNowError, TokenRefused
from connector.servicenow.records import Tokens

logger = logging.getLogger(__name__)
SESSION_KEY = "servicenow_authorization"
ATTEMPT_LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class Leftover:
    """What an instance gave a connection that is no more. `tokens` is None where they cannot be read."""

    instance: Instance
    tokens: list[str] | None = field(repr=False)


class AttemptRefused(Exception):
    """A callback that is not the answer to what was asked; `code` says why, as in `error_help`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def redirect_uri(host: str) -> str:
    """The address that an instance must have registered, to the letter.

    Each instance has one of its own, so that a code which one of them handed out is never taken to another: ServiceNow
    does not say who it is when it sends the browser back (RFC 9700, "Mix-Up Attacks").
    """
    return f"{settings.PUBLIC_URL}{reverse('connector:callback', args=[host])}"


def save_draft(
    *, instance: str, grant: str, client_id: str, client_secret: str, scope: str, now: datetime
) -> Connection:
    """Keep what somebody typed as the one connection that is being set up. `instance` is a host; an empty secret
    means the one kept for it.
    """
    with transaction.atomic():
        secret = client_secret or client_factory.kept_client_secret(instance, client_id)
        row, _created = Instance.objects.get_or_create(host=instance)
        draft = Connection(instance=row, grant=grant, client_id=client_id, scope=scope)
        leftovers = [_drop(earlier, draft) for earlier in Connection.objects.drafts()]
        draft.save()
        client_factory.keep_client_secret(draft, secret)
    hand_back(leftovers, now)
    return draft


def draft_of(current: Connection, now: datetime) -> Connection:
    """A new draft like the connection in use, so that it can be authorized again with one button."""
    return save_draft(
        instance=current.instance.host,
        grant=current.grant,
        client_id=current.client_id,
        client_secret="",
        scope=current.scope,
        now=now,
    )


def has_client_secret(draft: Connection) -> bool:
    """Whether the client secret is known: it may be given up, or lie where it does not belong. Raises `Paused`."""
    return bool(client_factory.oauth_client_of(draft).client_secret)


def begin(session: SessionBase, draft: Connection, now: datetime) -> str:
    """Where to send the browser for an authorization code. Raises `Paused`."""
    client_factory.check_host(draft.instance)
    attempt = oauth.begin(
        draft.instance.origin, client_factory.oauth_client_of(draft), redirect_uri(draft.instance.host)
    )
    session[SESSION_KEY] = {
        "state": attempt.state,
        "verifier": client_factory.seal(attempt.verifier, *verifier_of(draft, attempt.state)),
        "connection": draft.pk,
        "at": now.timestamp(),
    }
    return attempt.address


def finish(session: SessionBase, host: str, parameters: Mapping[str, str], now: datetime) -> Connection:
    """Take the callback at the address of `host`: check that it answers the question, redeem the code, see who we are.

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
    if host != draft.instance.host:
        raise AttemptRefused("wrong_instance")
    verifier = client_factory.unseal(attempt["verifier"], *verifier_of(draft, attempt["state"]))
    tokens = _redeem(draft, parameters["code"], verifier, now)
    client_factory.keep_tokens(draft, tokens, now)
    return look_who_we_are(draft, now)


def is_away(session: SessionBase, draft: Connection | None) -> bool:
    """Whether the browser was sent to ServiceNow to authorize this draft, and has not come back."""
    attempt = session.get(SESSION_KEY)
    return bool(attempt and draft and attempt["connection"] == draft.pk)


def verifier_of(draft: Connection, state: str) -> tuple[str, ...]:
    """What a sealed verifier is for: this attempt to authorize this connection to this instance."""
    return "session", "verifier", str(draft.pk), draft.instance.host, state


def _redeem(draft: Connection, code: str, verifier: str, now: datetime) -> Tokens:
    transport = client_factory.transport_to(draft.instance, Clock(now))
    try:
        return oauth.redeem(
            transport,
            client_factory.oauth_client_of(draft),
            code,
            verifier,
            redirect_uri(draft.instance.host),
        )
    except PkceRefused:
        raise
    except TokenRefused as error:
        raise CodeRefused(error.detail, status=error.status) from error


def sign_in(draft: Connection, now: datetime) -> Connection:
    """Authorize by client credentials. Raises `Paused` or a `ServiceNowError`."""
    transport = client_factory.transport_to(draft.instance, Clock(now))
    client_factory.keep_tokens(
        draft, oauth.request_token(transport, client_factory.oauth_client_of(draft)), now
    )
    return look_who_we_are(draft, now)


def look_who_we_are(draft: Connection, now: datetime) -> Connection:
    """Learn which user the tokens belong to; that user may be hidden from itself. Raises a
    `ServiceNowError`.
    """
    client = client_factory.open_trial(draft, now=now)
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


def enable(draft: Connection, actor: User, now: datetime) -> list[Leftover] | None:
    """Put an authorized draft in the place of the connection in use. None when somebody else was quicker, else what is
    to be handed back of the one that it replaced.
    """
    with transaction.atomic():
        replaced = Connection.objects.current().first()
        leftovers = [_leftover(replaced, draft)] if replaced is not None else []
        if replaced is not None:
            _retire(replaced)
        ready = Connection.objects.drafts().filter(pk=draft.pk, authorized_at=draft.authorized_at)
        if ready.update(status=ConnectionStatus.CONNECTED, is_current=True, authorized_by=actor) != 1:
            transaction.set_rollback(True)
            return None
        AuditEntry.objects.record(
            actor=actor,
            verb="servicenow.connected",
            target=draft.instance.host,
            grant=draft.grant,
            integration_user=draft.integration_user_name,
        )
    return leftovers


def discard(actor: User, now: datetime) -> bool:
    """Forget what is being set up, by whomever. False when there was nothing."""
    with transaction.atomic():
        drafts = list(Connection.objects.drafts().select_related("instance").select_for_update(of=("self",)))
        leftovers = [_drop(draft) for draft in drafts]
        for draft in drafts:
            AuditEntry.objects.record(
                actor=actor, verb="servicenow.draft_discarded", target=draft.instance.host
            )
    hand_back(leftovers, now)
    return bool(drafts)


def remove(connection: Connection, actor: User, now: datetime) -> list[Leftover]:
    """End the connection in use: its secrets are forgotten here. Returns what is to be handed back."""
    _say_removed(connection, now)
    leftover = _leftover(connection)
    with transaction.atomic():
        _retire(connection)
        AuditEntry.objects.record(actor=actor, verb="servicenow.removed", target=connection.instance.host)
    return [leftover]


def hand_back(leftovers: Sequence[Leftover], now: datetime) -> list[str]:
    """Make tokens worthless at the instances that gave them. Returns the hosts that did not confirm it for all."""
    failed = []
    for leftover in leftovers:
        host = leftover.instance.host
        try:
            if leftover.tokens is None:
                raise Paused(Pause.WRONG_KEY)
            for token in leftover.tokens:
                oauth.revoke(client_factory.transport_to(leftover.instance, Clock(now)), token)
        except (ServiceNowError, Paused) as error:
            logger.warning("The tokens of %s could not be revoked: %s", host, error)
            failed.append(host)
    return failed


def _drop(draft: Connection, *staying: Connection) -> Leftover:
    current = Connection.objects.current().first()
    leftover = _leftover(draft, *staying, *([current] if current else []))
    draft.delete()
    return leftover


def _leftover(gone: Connection, *staying: Connection) -> Leftover:
    """The tokens of a connection that ends, except where one of the same client stays: an instance may have given both
    the very same ones (ServiceNow documentation, "OAuth API request parameters").
    """
    if (gone.instance_id, gone.client_id) in {(one.instance_id, one.client_id) for one in staying}:
        return Leftover(gone.instance, [])
    try:
        return Leftover(gone.instance, client_factory.revocable_tokens(gone))
    except Paused:
        return Leftover(gone.instance, None)


def _say_removed(connection: Connection, now: datetime) -> None:
    """Tell the connector app in ServiceNow, where the status was written there before."""
    if not connection.check_results.filter(name="status_table", finding="written").exists():
        return
    try:
        status_table.say_removed(connection, client_factory.open_client(connection, now=now), now)
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
    retired = Connection.objects.filter(pk=connection.pk)
    retired.let_go(status=ConnectionStatus.REMOVED, is_current=False)
    client_factory.wipe(connection)
