"""From a connection's row to a signed-in client. The one place that reads its secrets.

Access tokens are renewed under a lease: whoever takes the connection's row in one conditional UPDATE makes the call,
outside any transaction; the others wait and read the row again. A lock held across the call would stop all writers on
SQLite.
"""

import contextlib
import enum
import logging
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction

from accounts.models import ActorKind, AuditEntry, User
from connector import hosts
from connector.access import server_clock
from connector.access.turns import PAGE_PATIENCE, NoTurn, turn
from connector.budget import KEPT_FOR_PUSHES, allowed, allowed_to_one_person
from connector.clock import Clock
from connector.models import (
    Connection,
    ConnectionQuerySet,
    ConnectionSecrets,
    ConnectionStatus,
    Grant,
    Instance,
    PersonCalls,
)
from connector.models.circuit_breaker import InstanceQuerySet
from connector.models.secret_fields import Bound, Misplaced, SecretField
from connector.servicenow import oauth
from connector.servicenow.auth import Bearer
from connector.servicenow.client import Client
from connector.servicenow.errors import NotAuthenticated, TokenRefused, TokenUnavailable
from connector.servicenow.oauth import OAuthClient
from connector.servicenow.records import Tokens
from connector.servicenow.responses import Answer, retry_after, server_time
from connector.servicenow.transport import Timeouts, Transport

logger = logging.getLogger(__name__)
CONNECT_SECONDS = 10.0
# A token that ends sooner is renewed before it is used.
MARGIN = timedelta(seconds=60)
# Longer than a token call may take, or two callers would hold the lease.
LEASE_MARGIN = timedelta(seconds=30)
GLANCE_SECONDS = 0.1
# How long ServiceNow is left alone after it refused a token by client credentials; the pause doubles each time.
FIRST_TOKEN_PAUSE, LONGEST_TOKEN_PAUSE = timedelta(minutes=1), timedelta(hours=1)
NEVER_REFUSED: dict[str, Any] = {"token_refusals": 0, "next_token_at": None}
COLUMNS = ("client_secret", "access_token", "refresh_token")


@dataclass(frozen=True)
class Secrets:
    """The secrets of a connection, opened; and its row as it was read with them."""

    connection: Connection
    client_secret: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)


class Pause(enum.StrEnum):
    """Why nothing can be sent just now."""

    NOT_CONNECTED = "not_connected"
    NEEDS_REAUTHORIZATION = "needs_reauthorization"
    TOKEN_REFUSED = "token_refused"  # noqa: S105  No password.
    BREAKER = "breaker"
    RATE_LIMITED = "rate_limited"
    BUSY = "busy"
    PERSON = "person"
    BUDGET = "budget"
    HOST_REFUSED = "host_refused"
    WRONG_KEY = "wrong_key"
    MISPLACED = "misplaced_secret"


# Reasons that a person has to fix, and that no answer of ServiceNow's would show.
UNOPENED = (Pause.WRONG_KEY, Pause.MISPLACED)


class Paused(Exception):
    """No call may be made now; whatever waits keeps its attempts and its age."""

    def __init__(self, reason: Pause) -> None:
        super().__init__(reason.value)
        self.reason = reason


def open_client(
    connection: Connection | None,
    *,
    now: datetime,
    reserve: float = KEPT_FOR_PUSHES,
    at_least: int = 0,
    patience: float = PAGE_PATIENCE,
    person: User | None = None,
) -> Client:
    """A client that is signed in as the integration user and renews its token by itself.

    `connection` was read a moment ago: where its instance was well then, that is not asked again. `reserve` is the
    share of the hour's calls that it leaves to deliveries, which alone need not; with the rest used up, its calls raise
    `Paused`, having sent nothing; where fewer than `at_least` are left, that is raised at once. For each call it waits
    up to `patience` seconds for its turn among all processes, and raises `Paused` then. Its calls count for `person`
    as well, who may have only some of an hour's.

    Raises `Paused` when no call may be made at all: not connected, to be authorized again, left alone. Raises a
    `ServiceNowError` when a token had to be renewed first and that failed.
    """
    if connection is None or connection.status in (ConnectionStatus.AUTHORIZING, ConnectionStatus.REMOVED):
        raise Paused(Pause.NOT_CONNECTED)
    instance = Instance.objects.filter(pk=connection.instance_id)
    if connection.instance.is_rate_limited(now):
        raise Paused(Pause.RATE_LIMITED)
    if connection.instance.circuit_open_until and not instance.let_through(now):
        raise Paused(Pause.BREAKER)
    if at_least and connection.instance.calls_left(now, allowed(reserve)) < at_least:
        raise Paused(Pause.BUDGET)
    return _sign_in(connection, Clock(now), reserve, patience, person)


def open_trial(connection: Connection, *, now: datetime) -> Client:
    """A client for a connection that was just authorized and is not in use yet. Raises as `open_client`."""
    return _sign_in(connection, Clock(now))


def check_host(instance: Instance) -> None:
    """Hold an instance to what the operator allows today, whatever was allowed when it was saved. Raises `Paused`."""
    try:
        hosts.permitted(instance.host)
    except hosts.HostRefused:
        raise Paused(Pause.HOST_REFUSED) from None


def transport_to(
    instance: Instance,
    clock: Callable[[], datetime],
    reserve: float = 0.0,
    patience: float = PAGE_PATIENCE,
    person: User | None = None,
) -> Transport:
    """The way to an instance: every call takes its turn and is counted. Raises `Paused` as `check_host`."""
    check_host(instance)
    row = Instance.objects.filter(pk=instance.pk)

    @contextlib.contextmanager
    def admit(of_the_api: bool) -> Iterator[None]:
        try:
            with turn(instance.pk, patience):
                obstacle = (
                    _obstacle(row, clock(), allowed(reserve), person) if of_the_api else _limit(row, clock())
                )
                if obstacle is not None:
                    raise Paused(obstacle)
                yield
        except NoTurn:
            raise Paused(Pause.BUSY) from None

    def on_response(answer: Answer | None) -> None:
        if answer is None:
            return
        # Here, and not only where the error arrives: whoever waits for a turn asks before that.
        if answer.status == 429:
            row.asked_to_wait(clock(), retry_after(answer))
        if server_at := server_time(answer):
            now = clock()
            server_clock.note(instance, server_at - now.replace(microsecond=0), now)

    return Transport(
        instance.origin,
        hosts.resolver(instance.host),
        Timeouts(min(CONNECT_SECONDS, settings.PUSH_TIMEOUT), settings.PUSH_TIMEOUT, settings.PUSH_TIMEOUT),
        ca_bundle=settings.CA_BUNDLE,
        proxy="" if hosts.is_loopback(instance.host) else settings.HTTPS_PROXY,
        on_response=on_response,
        admit=admit,
    )


def _obstacle(row: InstanceQuerySet, now: datetime, budget: int, person: User | None) -> Pause | None:
    """Count a call of the API, unless something forbids it now."""
    if person is not None:
        counter, _ = PersonCalls.objects.get_or_create(person=person)
        if not PersonCalls.objects.filter(pk=counter.pk).spend_call(now, allowed_to_one_person()):
            return Pause.PERSON
    return None if row.spend_call(now, budget) else _limit(row, now) or Pause.BUDGET


def _limit(row: InstanceQuerySet, now: datetime) -> Pause | None:
    return None if row.may_be_counted(now).exists() else Pause.RATE_LIMITED


def oauth_client_of(connection: Connection) -> OAuthClient:
    """The portal as the instance knows it, with the client secret."""
    return OAuthClient(connection.client_id, _secrets(connection).client_secret, connection.scope)


def kept_client_secret(host: str, client_id: str) -> str:
    """The client secret stored for this client of this instance, or an empty string. Another host never gets it."""
    known = Connection.objects.filter(instance__host=host, client_id=client_id).order_by("-created_at", "-pk")
    for connection in known.select_related("instance"):
        with contextlib.suppress(Paused):
            if kept := _secrets(connection).client_secret:
                return kept
    return ""


def keep_client_secret(connection: Connection, client_secret: str) -> None:
    """Store the client secret of a new connection, or of one that is set up anew; its tokens go."""
    kept = _bound(connection, client_secret=client_secret, access_token="", refresh_token="")
    ConnectionSecrets.objects.update_or_create(connection=connection, defaults=kept)


def keep_tokens(connection: Connection, tokens: Tokens, now: datetime) -> None:
    """Store the tokens of a fresh authorization."""
    lasts_until = now + oauth.REFRESH_TOKEN_LIFE if tokens.refresh_token else None
    with transaction.atomic():
        kept = _bound(connection, access_token=tokens.access_token, refresh_token=tokens.refresh_token)
        ConnectionSecrets.objects.filter(connection_id=connection.pk).update(**kept)
        Connection.objects.filter(pk=connection.pk).update(
            access_expires_at=now + tokens.expires_in, refresh_expires_at=lasts_until, authorized_at=now
        )
    connection.refresh_from_db()


def seal(text: str, *purpose: str) -> str:
    """Encrypt what has to wait somewhere other than in a column of secrets; only for this purpose it opens again."""
    return str(_fernet().encrypt(Bound(purpose, text).packed().encode()).decode())


def unseal(sealed: str, *purpose: str) -> str:
    """Read what `seal` made for the same purpose. Raises `Paused` when none of the keys opens it, or it was made for
    another.
    """
    try:
        return Bound.unpacked(_fernet().decrypt(sealed.encode()).decode()).at(*purpose)
    except InvalidToken:
        raise Paused(Pause.WRONG_KEY) from None
    except Misplaced:
        raise Paused(Pause.MISPLACED) from None


def _fernet() -> Fernet | MultiFernet:
    field: SecretField = ConnectionSecrets._meta.get_field("client_secret")  # noqa: SLF001  Django documents it.
    fernet: Fernet | MultiFernet = field.fernet
    return fernet


def revocable_tokens(connection: Connection) -> list[str]:
    """The tokens to hand back when a connection ends, the longer-lived first."""
    kept = _secrets(connection)
    return [token for token in (kept.refresh_token, kept.access_token) if token]


def wipe(connection: Connection) -> None:
    """Forget every secret of a connection."""
    ConnectionSecrets.objects.filter(connection_id=connection.pk).delete()


def _secrets(connection: Connection) -> Secrets:
    """What is stored for a connection and for the host that it leads to. Raises `Paused` where a secret cannot be
    read, or belongs somewhere else.
    """
    try:
        kept = ConnectionSecrets.objects.select_related("connection").get(connection_id=connection.pk)
        opened = {column: getattr(kept, column).at(*_place(connection, column)) for column in COLUMNS}
    except ConnectionSecrets.DoesNotExist:
        return Secrets(connection)
    except InvalidToken:
        raise Paused(Pause.WRONG_KEY) from None
    except Misplaced as error:
        logger.warning("%s", error)
        raise Paused(Pause.MISPLACED) from None
    return Secrets(kept.connection, **opened)


def _bound(connection: Connection, **texts: str) -> dict[str, Bound]:
    return {column: Bound(_place(connection, column), text) for column, text in texts.items()}


def _place(connection: Connection, column: str) -> tuple[str, ...]:
    table = ConnectionSecrets._meta.db_table  # noqa: SLF001  Django documents it.
    return table, column, str(connection.pk), connection.instance.host


def _sign_in(
    connection: Connection,
    clock: Clock,
    reserve: float = 0.0,
    patience: float = PAGE_PATIENCE,
    person: User | None = None,
) -> Client:
    transport = transport_to(connection.instance, clock, reserve, patience, person)

    def renew(refused: str) -> str:
        try:
            return access_token(connection, transport, clock, refused=refused)
        except Paused as pause:
            if pause.reason in (Pause.RATE_LIMITED, Pause.BUSY):
                raise TokenUnavailable("No token may be asked for just now.", status=401) from pause
            raise NotAuthenticated(str(pause), status=401) from pause
        except TokenRefused as error:
            # To whoever made the call, this is a definite no: the call was refused with 401 and not repeated.
            raise NotAuthenticated(str(error), status=401) from error

    try:
        token = access_token(connection, transport, clock)
    except TokenRefused as error:
        raise Paused(_pause_of(connection)) from error
    except Paused as pause:
        if pause.reason in UNOPENED:
            Instance.objects.filter(pk=connection.instance_id).record_pause(clock(), pause.reason)
        raise
    return Client(transport, Bearer(token, renew))


def access_token(connection: Connection, transport: Transport, clock: Clock, *, refused: str = "") -> str:
    """An access token that still lasts, renewed if need be by exactly one of all who ask.

    `refused` is one that does not work, whatever its time says.

    Raises `TokenRefused` when it was this call that learnt that somebody must authorize again, `Paused` when that was
    known before, `TokenUnavailable` when the token endpoint (or whoever holds the lease) gave no answer in time.
    """
    lease = timedelta(seconds=settings.PUSH_TIMEOUT) + LEASE_MARGIN
    give_up_at = clock() + lease
    me = uuid4()
    while clock() < give_up_at:
        token = _usable_token(connection, clock(), refused)
        if token:
            return token
        free = Connection.objects.filter(pk=connection.pk).free(clock, lease)
        if free.update(claim_token=me, claimed_until=clock.steady() + lease) == 1:
            try:
                # Somebody may have renewed it between the look and the lease.
                return _usable_token(connection, clock(), refused) or _renew(connection, transport, clock, me)
            finally:
                Connection.objects.held_by(me).let_go()
        time.sleep(GLANCE_SECONDS)
    raise TokenUnavailable("Another process is renewing the access token.")


def _usable_token(connection: Connection, now: datetime, refused: str) -> str:
    kept = _secrets(connection)
    row = kept.connection
    if row.needs_reauthorization or row.is_refused(now):
        raise Paused(_pause_of(row))
    if row.access_expires_at is None or row.access_expires_at - now < MARGIN:
        return ""
    return "" if kept.access_token == refused else kept.access_token


def _renew(connection: Connection, transport: Transport, clock: Clock, me: UUID) -> str:
    try:
        tokens = _new_tokens(connection, transport)
    except TokenRefused:
        # A node that has not heard of the token yet says no as well; and somebody may have authorized meanwhile.
        try:
            tokens = _new_tokens(connection, transport)
        except TokenRefused as error:
            _note_refusal(connection, error, clock())
            raise
    sys.audit("connector.access.client_factory.token_given", connection.pk)
    changes = _bound(connection, access_token=tokens.access_token)
    ends = {"access_expires_at": clock() + tokens.expires_in, **NEVER_REFUSED}
    if tokens.refresh_token and tokens.refresh_token != _secrets(connection).refresh_token:
        # One that comes back as it was ends when it would have ended; a new one has a life of its own.
        changes |= _bound(connection, refresh_token=tokens.refresh_token)
        ends["refresh_expires_at"] = clock() + oauth.REFRESH_TOKEN_LIFE
    with transaction.atomic():
        held = Connection.objects.held_by(me)
        if held.update(**ends) == 1:
            ConnectionSecrets.objects.filter(connection_id=connection.pk).update(**changes)
    return tokens.access_token


def _new_tokens(connection: Connection, transport: Transport) -> Tokens:
    client = oauth_client_of(connection)
    if connection.grant == Grant.CLIENT_CREDENTIALS:
        return oauth.request_token(transport, client)
    refresh_token = _secrets(connection).refresh_token
    if not refresh_token:
        raise TokenRefused("There is no refresh token.")
    return oauth.refresh(transport, client, refresh_token)


def insist(connection: Connection, now: datetime) -> None:
    """Let the next call be made although earlier ones failed, because a person asks for it. What the instance asked for
    itself still holds.
    """
    Instance.objects.filter(pk=connection.instance_id, circuit_open_until__gt=now).update(
        circuit_open_until=now
    )
    Connection.objects.filter(pk=connection.pk, next_token_at__gt=now).update(next_token_at=now)


def _pause_of(connection: Connection) -> Pause:
    """Why there is no token: where no consent is involved, nobody has to authorize again."""
    by_itself = connection.grant == Grant.CLIENT_CREDENTIALS
    return Pause.TOKEN_REFUSED if by_itself else Pause.NEEDS_REAUTHORIZATION


def _note_refusal(connection: Connection, error: TokenRefused, now: datetime) -> None:
    """ServiceNow gives no token. Where no consent is involved the portal asks again by itself; else somebody has to
    authorize again.
    """
    connected = Connection.objects.filter(pk=connection.pk, status=ConnectionStatus.CONNECTED)
    with transaction.atomic():
        if connection.grant == Grant.CLIENT_CREDENTIALS:
            Instance.objects.filter(pk=connection.instance_id).record_failure(now, error)
            is_news = _put_off(connected, now)
        else:
            is_news = connected.update(status=ConnectionStatus.NEEDS_REAUTHORIZATION) == 1
        if is_news:
            AuditEntry.objects.record(
                actor=None,
                actor_kind=ActorKind.SERVICENOW,
                verb="servicenow.token_refused",
                target=connection.instance.host,
                detail=error.detail,
            )


def _put_off(connected: ConnectionQuerySet, now: datetime) -> bool:
    """Ask for no token for a while, longer after each refusal. Returns whether this was the first one."""
    refusals = connected.values_list("token_refusals", flat=True).first() or 0
    pause = min(FIRST_TOKEN_PAUSE * 2 ** min(refusals, 10), LONGEST_TOKEN_PAUSE)
    return connected.update(token_refusals=refusals + 1, next_token_at=now + pause) == 1 and not refusals
