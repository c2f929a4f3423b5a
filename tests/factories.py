"""Valid objects with the fewest words."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Group
from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, Sequence, SubFactory
from factory.django import DjangoModelFactory

from accounts.models import AuditEntry, User
from connector.access import client_factory
from connector.models import CheckResult, Connection, Instance
from scorecard.models import ActionPlan, ControlScoreDay, ImprovementAction
from tests.sandbox_process import CLIENT, INTEGRATION_USER, SandboxProcess
from tickets.models import (
    ChangeTemplate,
    FieldMapping,
    FieldTrial,
    Finding,
    Reconciliation,
    Requester,
    StateName,
    Ticket,
    TicketComment,
    TicketEvent,
    TicketNote,
)
from tickets.models.choices import Category, Kind, Priority, Source

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class UserFactory(DjangoModelFactory[User]):
    """Somebody without a role."""

    class Meta:
        model = User

    username = Sequence(lambda n: f"person{n}")
    email = LazyAttribute(lambda user: f"{user.username}@aozora.example")


class AuditEntryFactory(DjangoModelFactory[AuditEntry]):
    """Something that the portal did by itself."""

    class Meta:
        model = AuditEntry

    actor_kind = AuditEntry.ActorKind.PORTAL
    verb = "servicenow.removed"


class InstanceFactory(DjangoModelFactory[Instance]):
    """An instance that nobody talks to."""

    class Meta:
        model = Instance

    host = Sequence(lambda n: f"example{n}.service-now.com")


class ActionFactory(DjangoModelFactory[ImprovementAction]):
    """A scored action with points still to gain."""

    class Meta:
        model = ImprovementAction

    control_id = Sequence(lambda n: f"control_{n}")
    title = Sequence(lambda n: f"Turn on protection number {n:04}")
    category = "Identity"
    product = "AzureAD"
    max_score = 10.0
    score = 0.0
    is_scored = True
    has_profile = True
    description = "Protection is off."
    remediation = "<ol><li>Open the portal.</li><li>Turn it on.</li></ol>"
    first_seen_at = NOON


class TicketFactory(DjangoModelFactory[Ticket]):
    """A change request that waits to be sent and is due now."""

    class Meta:
        model = Ticket

    instance = SubFactory(InstanceFactory)
    kind = Kind.CHANGE_REQUEST
    name = Sequence(lambda n: f"Require protection {n}")
    description = "As the team agreed on Monday."
    priority = Priority.MODERATE
    recommendation_source = Source.USER
    recommendation_category = Category.IDENTITY
    requested_by = SubFactory(UserFactory)
    next_attempt_at = LazyFunction(timezone.now)


class ConnectionFactory(DjangoModelFactory[Connection]):
    """A connection that nobody has authorized yet. Its secrets are kept by `client_factory`."""

    class Meta:
        model = Connection

    instance = SubFactory(InstanceFactory)
    client_id = CLIENT[0]


class CheckResultFactory(DjangoModelFactory[CheckResult]):
    """The instance answered when it was last checked."""

    class Meta:
        model = CheckResult

    connection = SubFactory(ConnectionFactory)
    name = "instance"
    finding = "answers"
    checked_at = NOON


class ActionPlanFactory(DjangoModelFactory[ActionPlan]):
    """A plan to do something about an action, one day."""

    class Meta:
        model = ActionPlan

    action = SubFactory(ActionFactory)


class ControlScoreDayFactory(DjangoModelFactory[ControlScoreDay]):
    """No points yet."""

    class Meta:
        model = ControlScoreDay

    action = SubFactory(ActionFactory)
    scored_on = NOON.date()
    score = 0.0


class TicketEventFactory(DjangoModelFactory[TicketEvent]):
    """A change seen in ServiceNow."""

    class Meta:
        model = TicketEvent

    ticket = SubFactory(TicketFactory)
    at = NOON
    type = TicketEvent.Type.CHANGED


class StateNameFactory(DjangoModelFactory[StateName]):
    """What an instance calls its first state."""

    class Meta:
        model = StateName

    instance = SubFactory(InstanceFactory)
    kind = Kind.CHANGE_REQUEST
    value = "-5"


class TicketNoteFactory(DjangoModelFactory[TicketNote]):
    """An entry of a journal."""

    class Meta:
        model = TicketNote

    ticket = SubFactory(TicketFactory)
    record_sys_id = LazyAttribute(lambda note: note.ticket.sys_id)
    sys_id = Sequence(lambda n: f"{n:032x}")
    element = "work_notes"
    text = "Seen to."
    at = NOON


class TicketCommentFactory(DjangoModelFactory[TicketComment]):
    """What somebody wrote here, on its way to the journal."""

    class Meta:
        model = TicketComment

    ticket = SubFactory(TicketFactory)
    element = "work_notes"
    text = "Is there news?"


class FieldMappingFactory(DjangoModelFactory[FieldMapping]):
    """A fixed value for a field of our change requests."""

    class Meta:
        model = FieldMapping

    instance = SubFactory(InstanceFactory)
    kind = "change_request"
    field = Sequence(lambda n: f"u_field_{n}")
    value = "x"


class ChangeTemplateFactory(DjangoModelFactory[ChangeTemplate]):
    """A template that a trial has proven."""

    class Meta:
        model = ChangeTemplate

    instance = SubFactory(InstanceFactory)
    sys_id = "1c87925347c12200e0ef563dbb9a7177"
    name = "Reboot a server outside business hours"
    proven_at = NOON


class FieldTrialFactory(DjangoModelFactory[FieldTrial]):
    """A record that was made and canceled."""

    class Meta:
        model = FieldTrial

    instance = SubFactory(InstanceFactory)
    kind = "change_request"
    tried_at = NOON
    result = FieldTrial.Result.MADE
    number = "CHG0000001"
    is_canceled = keeps_correlation_id = True


class ReconciliationFactory(DjangoModelFactory[Reconciliation]):
    """One that has ended without a finding."""

    class Meta:
        model = Reconciliation

    instance = SubFactory(InstanceFactory)
    asked_at = heartbeat_at = ended_at = NOON


class FindingFactory(DjangoModelFactory[Finding]):
    """A record that changed."""

    class Meta:
        model = Finding

    run = SubFactory(ReconciliationFactory)
    discrepancy = "stale"
    kind = Kind.CHANGE_REQUEST


class RequesterFactory(DjangoModelFactory[Requester]):
    """Somebody that ServiceNow does not know."""

    class Meta:
        model = Requester

    instance = SubFactory(InstanceFactory)
    email = Sequence(lambda n: f"somebody{n}@aozora.example")
    looked_up_at = NOON


def person(role: str) -> User:
    """Somebody with one role, by the name of its group."""
    user = UserFactory.create()
    user.is_staff = user.is_superuser = role == "Administrator"
    user.save()
    user.groups.add(Group.objects.get(name=role))
    return user


def connected(sandbox: SandboxProcess) -> Connection:
    """A current connection to a sandbox by client credentials, without a token yet."""
    instance, _ = Instance.objects.get_or_create(host=sandbox.host)
    connection = Connection.objects.create(
        instance=instance,
        grant=Connection.Grant.CLIENT_CREDENTIALS,
        status=Connection.Status.CONNECTED,
        is_current=True,
        client_id=CLIENT[0],
        integration_user_name=INTEGRATION_USER[0],
        authorized_at=timezone.now() - timedelta(minutes=1),
    )
    client_factory.keep_client_secret(connection, CLIENT[1])
    return connection
