"""What the database itself refuses, whatever the code above it does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db import connection as database

from connector.models import Connection
from scorecard.models.choices import Status
from tests.factories import (
    NOON,
    ActionFactory,
    ActionPlanFactory,
    AuditEntryFactory,
    ChangeTemplateFactory,
    CheckResultFactory,
    ConnectionFactory,
    ControlScoreDayFactory,
    FieldMappingFactory,
    FieldTrialFactory,
    FindingFactory,
    InstanceFactory,
    RequesterFactory,
    StateNameFactory,
    TicketCommentFactory,
    TicketEventFactory,
    TicketFactory,
    TicketNoteFactory,
    UserFactory,
)
from tickets.models import TicketEvent
from tickets.models.choices import Delivery, Kind, Priority, Source

pytestmark = pytest.mark.django_db
Make = Callable[..., models.Model]
Fields = dict[str, Any]
TOKEN = UUID(int=1)
SYS_ID = "0123456789abcdef0123456789abcdef"
CLAIM = {"claim_token": TOKEN, "claimed_until": NOON}

ticket, connection = TicketFactory.create, ConnectionFactory.create
# Each rule about one row: rows that break it, and their nearest neighbours that do not.
CHECKS: dict[str, tuple[Make, list[Fields], list[Fields]]] = {
    "audit_entry_actor_kind_known": (
        AuditEntryFactory.create,
        [{"actor_kind": "cat"}, {"actor_kind": ""}],
        [{"actor_kind": "rule"}],
    ),
    "finding_fixed_was_chosen": (
        FindingFactory.create,
        [{"fixed_at": NOON}],
        [{"fixed_at": NOON, "chosen_at": NOON}, {"chosen_at": NOON}],
    ),
    "ticket_delivered_has_record": (
        ticket,
        [{"delivery": Delivery.DELIVERED}, {"delivery": Delivery.WAITING, "sys_id": SYS_ID}],
        [{"delivery": Delivery.DELIVERED, "sys_id": SYS_ID}],
    ),
    "ticket_in_hand_has_claim": (
        ticket,
        [
            {"delivery": Delivery.CLAIMED, "claim_token": TOKEN},
            {"delivery": Delivery.SENT, "claimed_until": NOON, "sent_at": NOON},
        ],
        [{"delivery": Delivery.CLAIMED, **CLAIM}, {"delivery": Delivery.WAITING}],
    ),
    "ticket_sent_has_moment": (
        ticket,
        [{"delivery": Delivery.SENT, **CLAIM}],
        [{"delivery": Delivery.SENT, "sent_at": NOON, **CLAIM}],
    ),
    "ticket_priority_of_its_kind": (
        ticket,
        [{"kind": Kind.CHANGE_REQUEST, "priority": Priority.PLANNING}],
        [
            {"kind": Kind.INCIDENT, "priority": Priority.PLANNING},
            {"kind": Kind.CHANGE_REQUEST, "priority": Priority.LOW},
        ],
    ),
    "ticket_source_has_action": (
        ticket,
        [{"recommendation_source": Source.MICROSOFT, "action": None}],
        [{"recommendation_source": Source.USER, "action": None}],
    ),
    "instance_host_given": (InstanceFactory.create, [{"host": ""}], [{"host": "acme.service-now.com"}]),
    "connection_current_was_authorized": (
        connection,
        [{"is_current": True, "status": status} for status in ("authorizing", "removed")],
        [{"is_current": True, "status": "needs_reauthorization"}, {"status": "authorizing"}],
    ),
    "connection_lease_complete": (
        connection,
        [{"claim_token": TOKEN}, {"claimed_until": NOON}],
        [{"claim_token": TOKEN, "claimed_until": NOON}],
    ),
    "connection_status_known": (connection, [{"status": "asleep"}, {"status": ""}], [{"status": "removed"}]),
    "connection_grant_known": (
        connection,
        [{"grant": "password"}],
        [{"grant": Connection.Grant.CLIENT_CREDENTIALS}],
    ),
    "field_mapping_not_ours": (
        FieldMappingFactory.create,
        [{"field": "correlation_id"}],
        [{"field": "category"}],
    ),
    "change_template_given": (ChangeTemplateFactory.create, [{"sys_id": ""}], [{"sys_id": SYS_ID}]),
    "plan_status_is_choosable": (
        ActionPlanFactory.create,
        [{"status": Status.COMPLETED}, {"status": ""}],
        [{"status": Status.TO_ADDRESS}],
    ),
}


def _action() -> Fields:
    return {"action": ActionFactory.create()}


def _shared() -> Fields:
    return {"instance": InstanceFactory.create(), **_action()}


def _delivered() -> Fields:
    return {"instance": InstanceFactory.create(), "delivery": Delivery.DELIVERED, "sys_id": SYS_ID}


def _in_use() -> Fields:
    return {"is_current": True, "status": Connection.Status.CONNECTED}


# Each rule about two rows: what both have, and what the second one may have instead.
UNIQUES: dict[str, tuple[Make, Callable[[], Fields], Callable[[], list[Fields]]]] = {
    "ticket_one_open_per_action": (
        ticket,
        _shared,
        lambda: [{"is_extra": True}, {"is_open": False}, {"action": None}, {"instance": InstanceFactory.create()}],
    ),
    "ticket_record_unique": (
        ticket, _delivered, lambda: [{"instance": InstanceFactory.create()}, {"delivery": "waiting", "sys_id": ""}],
    ),
    "ticket_event_update_told_once": (
        TicketEventFactory.create,
        lambda: {"ticket": TicketFactory.create(), "sys_mod_count": 3},
        lambda: [
            {"sys_mod_count": 4},
            {"sys_id": SYS_ID},
            {"type": TicketEvent.Type.FOUND},
            {"ticket": TicketFactory.create()},
        ],
    ),
    "state_name_unique": (
        StateNameFactory.create,
        lambda: {"instance": InstanceFactory.create()},
        lambda: [{"value": "-4"}, {"kind": Kind.INCIDENT}, {"language": "ja"}, {"instance": InstanceFactory.create()}],
    ),
    "check_result_unique": (
        CheckResultFactory.create,
        lambda: {"connection": ConnectionFactory.create()},
        lambda: [{"name": "clock"}, {"connection": ConnectionFactory.create()}],
    ),
    "ticket_note_unique": (
        TicketNoteFactory.create,
        lambda: {"ticket": TicketFactory.create(), "sys_id": SYS_ID},
        lambda: [{"sys_id": SYS_ID[::-1]}, {"ticket": TicketFactory.create()}],
    ),
    "comment_note_unique": (
        TicketCommentFactory.create,
        lambda: {"ticket": TicketFactory.create(), "note_sys_id": SYS_ID},
        lambda: [{"note_sys_id": ""}, {"ticket": TicketFactory.create()}],
    ),
    "field_mapped_once": (
        FieldMappingFactory.create,
        lambda: {"instance": InstanceFactory.create(), "field": "category"},
        lambda: [{"field": "u_site"}, {"kind": Kind.INCIDENT}, {"instance": InstanceFactory.create()}],
    ),
    "field_trial_newest": (
        FieldTrialFactory.create,
        lambda: {"instance": InstanceFactory.create()},
        lambda: [{"kind": Kind.INCIDENT}, {"instance": InstanceFactory.create()}],
    ),
    "requester_known_once": (
        RequesterFactory.create,
        lambda: {"instance": InstanceFactory.create(), "email": "somebody@aozora.example"},
        lambda: [{"email": "another@aozora.example"}, {"instance": InstanceFactory.create()}],
    ),
    "connection_one_current": (connection, _in_use, lambda: [{"is_current": False}]),
    "user_entra_identity_unique": (
        UserFactory.create,
        lambda: {"tenant_id": "t", "object_id": "o"},
        lambda: [{"tenant_id": "another"}, {"object_id": "another"}, {"tenant_id": "", "object_id": ""}],
    ),
    "one_score_per_action_and_day": (
        ControlScoreDayFactory.create, _action, lambda: [{"action": ActionFactory.create()}],
    ),
}  # fmt: skip


@contextmanager
def refusal(name: str) -> Iterator[None]:
    """Expect the database to refuse, and by that constraint."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        yield
    # SQLite names the columns of what is to be unique.
    assert name in str(refused.value) or (database.vendor == "sqlite" and "UNIQUE" in str(refused.value))


@pytest.mark.parametrize("name", CHECKS)
def test_a_row_that_breaks_a_rule_is_refused(name: str) -> None:
    make, bad, good = CHECKS[name]
    for fields in good:
        make(**fields)
    for fields in bad:
        with refusal(name):
            make(**fields)


@pytest.mark.parametrize("name", CHECKS)
def test_a_row_cannot_be_changed_into_one_that_breaks_a_rule(name: str) -> None:
    make, bad, _good = CHECKS[name]
    row = make()
    with refusal(name):
        type(row)._default_manager.filter(pk=row.pk).update(**bad[0])


@pytest.mark.parametrize("name", UNIQUES)
def test_a_second_row_of_what_there_may_be_one_of_is_refused(name: str) -> None:
    make, both, others = UNIQUES[name]
    fields = both()
    make(**fields)
    with refusal(name):
        make(**fields)
    for other in others():
        make(**{**fields, **other})


def test_two_tickets_never_ask_for_the_same_record() -> None:
    TicketFactory.create(client_sys_id=SYS_ID)
    with refusal("client_sys_id"):
        TicketFactory.create(client_sys_id=SYS_ID)


def test_people_and_instances_that_tickets_name_cannot_be_deleted() -> None:
    shared = TicketFactory.create(action=ActionFactory.create())
    assert shared.action
    for row in (shared.requested_by, shared.instance, shared.action):
        with pytest.raises(models.ProtectedError):
            row.delete()


def test_every_constraint_is_tried_here() -> None:
    ours = [
        m
        for app in ("accounts", "connector", "scorecard", "tickets")
        for m in apps.get_app_config(app).get_models()
    ]
    assert {constraint.name for model in ours for constraint in model._meta.constraints} == {
        *CHECKS,
        *UNIQUES,
    }
