import re
import uuid

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

import tickets.models.ticket


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("connector", "0001_initial"),
        ("scorecard", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="started")),
                ("heartbeat_at", models.DateTimeField(verbose_name="last progress at")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                ("claim_token", models.UUIDField(blank=True, editable=False, null=True)),
                ("tickets", models.PositiveIntegerField(default=0, verbose_name="linked tickets")),
                ("looked_at", models.PositiveIntegerField(default=0, verbose_name="tickets looked at")),
                ("records", models.PositiveIntegerField(default=0, verbose_name="records listed")),
                ("left_out", models.PositiveIntegerField(default=0, verbose_name="rows not understood")),
                ("aside", models.JSONField(blank=True, default=dict, editable=False)),
                (
                    "listed",
                    models.CharField(
                        choices=[
                            ("not_yet", "Not yet"),
                            ("whole", "Yes"),
                            ("no_ranges", "No: the instance refuses range queries"),
                            ("ignored", "No: the instance ignores the condition"),
                        ],
                        default="not_yet",
                        max_length=20,
                        verbose_name="all records listed",
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=500, verbose_name="problem")),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="started by",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reconciliations",
                        to="connector.instance",
                        verbose_name="instance",
                    ),
                ),
            ],
            options={
                "verbose_name": "reconciliation",
                "verbose_name_plural": "reconciliations",
                "ordering": ["-asked_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Ticket",
            fields=[
                ("claim_token", models.UUIDField(blank=True, editable=False, null=True)),
                ("claimed_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                (
                    "next_attempt_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="next attempt at"),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                ("intent_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "first_sent_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Also where the answer was a refusal: from then on it is looked for before it is sent.",
                        null=True,
                        verbose_name="first sent at",
                    ),
                ),
                ("unseen_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "possible_refusal",
                    models.TextField(
                        blank=True,
                        help_text="What the answer to the last sending said, where it may have been a refusal.",
                        verbose_name="possible refusal",
                    ),
                ),
                ("delivered_at", models.DateTimeField(blank=True, null=True, verbose_name="delivered at")),
                ("last_problem", models.TextField(blank=True, verbose_name="last problem")),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                        verbose_name="correlation ID",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("change_request", "Change request"), ("incident", "Incident")],
                        max_length=20,
                        verbose_name="task type",
                    ),
                ),
                ("name", models.CharField(max_length=160, verbose_name="task name")),
                ("description", models.TextField(max_length=4000, verbose_name="task description")),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "Critical"), (2, "High"), (3, "Moderate"), (4, "Low"), (5, "Planning")],
                        verbose_name="priority",
                    ),
                ),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due date")),
                (
                    "recommendation_source",
                    models.CharField(
                        choices=[("microsoft", "Microsoft recommendation"), ("user", "User recommendation")],
                        max_length=20,
                        verbose_name="recommendation source",
                    ),
                ),
                (
                    "recommendation_category",
                    models.CharField(
                        choices=[
                            ("devices", "Devices"),
                            ("data", "Data"),
                            ("apps", "Apps"),
                            ("identity", "Identity"),
                            ("infrastructure", "Infrastructure"),
                        ],
                        max_length=20,
                        verbose_name="recommendation category",
                    ),
                ),
                (
                    "is_extra",
                    models.BooleanField(
                        default=False,
                        help_text="Whether this is a second ticket for its action, asked for by the requester.",
                        verbose_name="second ticket",
                    ),
                ),
                (
                    "batch",
                    models.UUIDField(
                        blank=True,
                        db_index=True,
                        help_text="The same for all tickets that were shared in one go.",
                        null=True,
                        verbose_name="batch",
                    ),
                ),
                (
                    "extra_fields",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="What a person chose for this ticket alone: by field, its name, value and display value.",
                        verbose_name="further fields",
                    ),
                ),
                ("is_open", models.BooleanField(default=True, verbose_name="open")),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, db_index=True, verbose_name="created at"),
                ),
                (
                    "delivery",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting to be sent"),
                            ("claimed", "Being sent"),
                            ("sent", "Sent, answer awaited"),
                            ("delivered", "In ServiceNow"),
                            ("attention", "Needs attention"),
                            ("conflict", "Found twice in ServiceNow"),
                            ("unlinked", "Unlinked"),
                            ("discarded", "Discarded"),
                        ],
                        default="waiting",
                        max_length=20,
                        verbose_name="delivery",
                    ),
                ),
                (
                    "client_sys_id",
                    models.CharField(
                        default=tickets.models.ticket.new_sys_id, editable=False, max_length=32, unique=True
                    ),
                ),
                (
                    "allow_duplicate",
                    models.BooleanField(
                        default=False,
                        help_text="Whether a person has it sent again although no look-up would find an earlier record.",
                        verbose_name="second record wanted",
                    ),
                ),
                (
                    "last_result",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("delivered", "Created in ServiceNow"),
                            ("adopted", "Found in ServiceNow: an earlier attempt had arrived"),
                            ("conflict", "Found twice in ServiceNow"),
                            ("not_found_yet", "Not found yet; an earlier attempt may still arrive"),
                            (
                                "counts_anew",
                                "Not found yet; Scoredesk was started or its clock was set, so the wait for an earlier attempt counts anew",
                            ),
                            ("outcome_unknown", "No answer that can be trusted"),
                            (
                                "unmatched_record",
                                "ServiceNow answered with a record that does not carry our key",
                            ),
                            (
                                "unverifiable",
                                "No answer came, and no look-up would find a record that was made",
                            ),
                            (
                                "other_kind",
                                "ServiceNow holds a record of the other type that carries this ticket's key",
                            ),
                            ("refused", "Refused by ServiceNow"),
                            (
                                "doubted",
                                "Probably refused: the answer said so, and no record was found since",
                            ),
                            (
                                "unproven",
                                "Not sent: the standard change template has to be tried again first",
                            ),
                            (
                                "keyless",
                                "Not sent: ServiceNow keeps none of the keys by which records are found",
                            ),
                            ("rate_limited", "ServiceNow asked to wait"),
                            ("unreachable", "ServiceNow could not be reached"),
                            ("budget", "This hour's calls to ServiceNow are used up"),
                            ("paused", "The connection needs attention"),
                            ("late", "Stopped before sending: too much time had passed"),
                            ("lost_claim", "Another worker had taken over"),
                        ],
                        max_length=20,
                        verbose_name="last result",
                    ),
                ),
                (
                    "dropped_fields",
                    models.JSONField(blank=True, default=list, verbose_name="fields not kept"),
                ),
                ("sys_id", models.CharField(blank=True, max_length=32, verbose_name="sys_id of the record")),
                ("number", models.CharField(blank=True, max_length=40, verbose_name="number")),
                (
                    "state",
                    models.CharField(blank=True, max_length=40, verbose_name="stored value of the state"),
                ),
                (
                    "state_label",
                    models.CharField(blank=True, max_length=100, verbose_name="state in ServiceNow's words"),
                ),
                (
                    "normalized_state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("new", "New"),
                            ("in_progress", "In progress"),
                            ("on_hold", "On hold"),
                            ("sent_back", "Sent back"),
                            ("resolved", "Resolved"),
                            ("closed", "Closed"),
                            ("closed_unsuccessfully", "Closed unsuccessfully"),
                            ("canceled", "Canceled"),
                            ("missing", "Gone or hidden"),
                        ],
                        max_length=30,
                        verbose_name="meaning",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active in ServiceNow")),
                (
                    "record",
                    models.JSONField(blank=True, default=dict, verbose_name="stored values of the record"),
                ),
                (
                    "record_labels",
                    models.JSONField(blank=True, default=dict, verbose_name="display values of the record"),
                ),
                (
                    "sys_mod_count",
                    models.IntegerField(blank=True, null=True, verbose_name="updates in ServiceNow"),
                ),
                (
                    "sys_updated_on",
                    models.DateTimeField(blank=True, null=True, verbose_name="updated in ServiceNow at"),
                ),
                ("seen_at", models.DateTimeField(blank=True, null=True, verbose_name="last checked at")),
                ("older_seen_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("missing_since", models.DateTimeField(blank=True, null=True, verbose_name="missing since")),
                (
                    "unread_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="Since when what ServiceNow returns of the record cannot be stored.",
                        null=True,
                        verbose_name="not understood since",
                    ),
                ),
                ("twins", models.JSONField(blank=True, default=dict, editable=False)),
                ("twin_since", models.DateTimeField(blank=True, editable=False, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed at")),
                (
                    "score_when_closed",
                    models.FloatField(blank=True, null=True, verbose_name="points when closed"),
                ),
                (
                    "points_reached_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When the action reached all points while the ticket was open.",
                        null=True,
                        verbose_name="all points reached at",
                    ),
                ),
                (
                    "their_priority",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="priority in ServiceNow"
                    ),
                ),
                (
                    "their_due_on",
                    models.DateField(blank=True, null=True, verbose_name="due date in ServiceNow"),
                ),
                (
                    "their_due_cleared",
                    models.BooleanField(
                        default=False,
                        help_text="Whether the record had a due date and somebody took it away.",
                        verbose_name="due date cleared in ServiceNow",
                    ),
                ),
                (
                    "notes_state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not read yet"),
                            ("read", "Read"),
                            ("hidden", "Hidden from the integration user"),
                            ("refused", "Refused by ServiceNow"),
                            ("cut", "Not read to the end"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="reading of notes",
                    ),
                ),
                (
                    "notes_shown",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="By journal, where the table of journal entries does not show them.",
                        verbose_name="notes as the record shows them",
                    ),
                ),
                (
                    "current_priority",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Coalesce(
                            "their_priority", "priority"
                        ),
                        output_field=models.PositiveSmallIntegerField(
                            choices=[
                                (1, "Critical"),
                                (2, "High"),
                                (3, "Moderate"),
                                (4, "Low"),
                                (5, "Planning"),
                            ],
                            verbose_name="priority",
                        ),
                    ),
                ),
                (
                    "current_due_on",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(their_due_cleared=True, then=models.Value(None)),
                            default=django.db.models.functions.comparison.Coalesce("their_due_on", "due_on"),
                        ),
                        output_field=models.DateField(null=True, verbose_name="due date"),
                    ),
                ),
                (
                    "action",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
                        to="scorecard.improvementaction",
                        verbose_name="improvement action",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
                        to="connector.instance",
                        verbose_name="instance",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
            ],
            options={
                "verbose_name": "ticket",
                "verbose_name_plural": "tickets",
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="PushAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="started")),
                ("ended_at", models.DateTimeField(verbose_name="ended")),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("delivered", "Created in ServiceNow"),
                            ("adopted", "Found in ServiceNow: an earlier attempt had arrived"),
                            ("conflict", "Found twice in ServiceNow"),
                            ("not_found_yet", "Not found yet; an earlier attempt may still arrive"),
                            (
                                "counts_anew",
                                "Not found yet; Scoredesk was started or its clock was set, so the wait for an earlier attempt counts anew",
                            ),
                            ("outcome_unknown", "No answer that can be trusted"),
                            (
                                "unmatched_record",
                                "ServiceNow answered with a record that does not carry our key",
                            ),
                            (
                                "unverifiable",
                                "No answer came, and no look-up would find a record that was made",
                            ),
                            (
                                "other_kind",
                                "ServiceNow holds a record of the other type that carries this ticket's key",
                            ),
                            ("refused", "Refused by ServiceNow"),
                            (
                                "doubted",
                                "Probably refused: the answer said so, and no record was found since",
                            ),
                            (
                                "unproven",
                                "Not sent: the standard change template has to be tried again first",
                            ),
                            (
                                "keyless",
                                "Not sent: ServiceNow keeps none of the keys by which records are found",
                            ),
                            ("rate_limited", "ServiceNow asked to wait"),
                            ("unreachable", "ServiceNow could not be reached"),
                            ("budget", "This hour's calls to ServiceNow are used up"),
                            ("paused", "The connection needs attention"),
                            ("late", "Stopped before sending: too much time had passed"),
                            ("lost_claim", "Another worker had taken over"),
                        ],
                        max_length=20,
                        verbose_name="result",
                    ),
                ),
                (
                    "status",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="HTTP status"),
                ),
                ("detail", models.TextField(blank=True, verbose_name="details")),
                (
                    "transaction_id",
                    models.CharField(blank=True, max_length=64, verbose_name="transaction ID"),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="push_attempts",
                        to="tickets.ticket",
                        verbose_name="ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "push attempt",
                "verbose_name_plural": "push attempts",
                "ordering": ["-ended_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "discrepancy",
                    models.CharField(
                        choices=[
                            ("stale", "Stale: the record has changed"),
                            ("missing", "Missing: the record is not returned"),
                            ("unlinked", "Not linked: the ticket's record exists"),
                            ("duplicate", "Duplicate: several records of one ticket"),
                            ("unknown", "Unknown: a record of no ticket here"),
                        ],
                        max_length=20,
                        verbose_name="finding",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("change_request", "Change request"), ("incident", "Incident")],
                        max_length=20,
                        verbose_name="task type",
                    ),
                ),
                ("sys_id", models.CharField(blank=True, max_length=32)),
                ("number", models.CharField(blank=True, max_length=40)),
                ("name", models.CharField(blank=True, max_length=160, verbose_name="task name")),
                ("detail", models.JSONField(blank=True, default=dict)),
                ("chosen_at", models.DateTimeField(blank=True, null=True)),
                ("fixed_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=500, verbose_name="problem")),
                (
                    "chosen_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="findings",
                        to="tickets.reconciliation",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="findings",
                        to="tickets.ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "finding",
                "verbose_name_plural": "findings",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="TicketComment",
            fields=[
                ("claim_token", models.UUIDField(blank=True, editable=False, null=True)),
                ("claimed_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                (
                    "next_attempt_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="next attempt at"),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                ("intent_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "first_sent_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Also where the answer was a refusal: from then on it is looked for before it is sent.",
                        null=True,
                        verbose_name="first sent at",
                    ),
                ),
                ("unseen_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "possible_refusal",
                    models.TextField(
                        blank=True,
                        help_text="What the answer to the last sending said, where it may have been a refusal.",
                        verbose_name="possible refusal",
                    ),
                ),
                ("delivered_at", models.DateTimeField(blank=True, null=True, verbose_name="delivered at")),
                ("last_problem", models.TextField(blank=True, verbose_name="last problem")),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "element",
                    models.CharField(
                        choices=[("work_notes", "Work note"), ("comments", "Comment for the caller")],
                        default="work_notes",
                        max_length=20,
                        verbose_name="journal",
                    ),
                ),
                ("text", models.TextField(max_length=3500, verbose_name="text")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting to be sent"),
                            ("delivered", "In ServiceNow"),
                            ("refused", "Refused by ServiceNow"),
                            ("uncertain", "May not have arrived"),
                            ("dropped", "Given up"),
                            ("given_up", "Given up: the ticket was unlinked from its record"),
                        ],
                        default="waiting",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                (
                    "record_sys_id",
                    models.CharField(blank=True, max_length=32, verbose_name="sys_id of the record"),
                ),
                (
                    "note_sys_id",
                    models.CharField(blank=True, max_length=32, verbose_name="sys_id of the journal entry"),
                ),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comments",
                        to="tickets.ticket",
                        verbose_name="ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "ticket comment",
                "verbose_name_plural": "ticket comments",
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="TicketEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("created", "Shared"),
                            ("delivered", "Created in ServiceNow"),
                            ("adopted", "Found in ServiceNow"),
                            ("attention", "Needs attention"),
                            ("conflict", "Found twice in ServiceNow"),
                            ("retried", "Sent again by a person"),
                            ("edited", "Edited and sent again by a person"),
                            ("linked", "Linked to a record by a person"),
                            ("unlinked", "Unlinked from its record by a person"),
                            ("replaces", "Takes the place of an unlinked ticket"),
                            ("sent_anew", "Sent again as a new ticket"),
                            ("discarded", "Discarded"),
                            ("discard_undone", "Discarding undone"),
                            ("changed", "Changed in ServiceNow"),
                            ("went_back", "Back at an older version in ServiceNow"),
                            ("points", "The action reached all its points"),
                            ("reopened", "Reopened in ServiceNow"),
                            ("missing", "No longer returned by ServiceNow"),
                            ("found", "Returned by ServiceNow again"),
                        ],
                        max_length=20,
                        verbose_name="event",
                    ),
                ),
                ("sys_id", models.CharField(blank=True, max_length=32, verbose_name="sys_id of the record")),
                (
                    "sys_mod_count",
                    models.IntegerField(blank=True, null=True, verbose_name="updates in ServiceNow"),
                ),
                ("detail", models.JSONField(blank=True, default=dict, verbose_name="details")),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="actor",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="tickets.ticket",
                        verbose_name="ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "ticket event",
                "verbose_name_plural": "ticket events",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="TicketNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "record_sys_id",
                    models.CharField(blank=True, max_length=32, verbose_name="sys_id of the record"),
                ),
                ("sys_id", models.CharField(max_length=32, verbose_name="sys_id of the journal entry")),
                (
                    "element",
                    models.CharField(
                        choices=[("work_notes", "Work note"), ("comments", "Comment for the caller")],
                        max_length=20,
                        verbose_name="journal",
                    ),
                ),
                ("text", models.TextField(verbose_name="text")),
                ("by", models.CharField(blank=True, max_length=100, verbose_name="by")),
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="tickets.ticket",
                        verbose_name="ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "ticket note",
                "verbose_name_plural": "ticket notes",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ChangeTemplate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "sys_id",
                    models.CharField(
                        max_length=32,
                        validators=[django.core.validators.RegexValidator("^[0-9a-f]{32}\\Z")],
                        verbose_name="sys_id of the template",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                (
                    "proven_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="kept the correlation ID, last seen"
                    ),
                ),
                (
                    "instance",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="connector.instance",
                        verbose_name="instance",
                    ),
                ),
            ],
            options={
                "verbose_name": "standard change template",
                "verbose_name_plural": "standard change templates",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("sys_id", ""), _negated=True), name="change_template_given"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FieldMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("change_request", "Change request"), ("incident", "Incident")],
                        max_length=20,
                        verbose_name="task type",
                    ),
                ),
                (
                    "field",
                    models.CharField(
                        max_length=80,
                        validators=[
                            django.core.validators.RegexValidator(re.compile("^[a-z][a-z0-9_]{0,79}\\Z"))
                        ],
                        verbose_name="field",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("fixed", "A fixed value"),
                            ("category", "The recommendation category"),
                            ("source", "The recommendation source"),
                            ("requester", "The user ID of the requester"),
                            ("control_id", "The improvement action's control ID"),
                            ("product", "The improvement action's product"),
                        ],
                        default="fixed",
                        max_length=20,
                        verbose_name="value from",
                    ),
                ),
                ("value", models.CharField(blank=True, max_length=1000, verbose_name="value")),
                (
                    "values",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="What each of our own values becomes; empty where it is sent as it is.",
                        verbose_name="table of values",
                    ),
                ),
                (
                    "value_labels",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="What its values are called.",
                        verbose_name="display values of the table",
                    ),
                ),
                (
                    "label",
                    models.CharField(
                        blank=True,
                        help_text="What the value is called.",
                        max_length=200,
                        verbose_name="display value",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="field_mappings",
                        to="connector.instance",
                        verbose_name="instance",
                    ),
                ),
            ],
            options={
                "verbose_name": "field mapping",
                "verbose_name_plural": "field mappings",
                "ordering": ["field"],
                "constraints": [
                    models.UniqueConstraint(fields=("instance", "kind", "field"), name="field_mapped_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "field__in",
                                [
                                    "active",
                                    "correlation_display",
                                    "correlation_id",
                                    "description",
                                    "due_date",
                                    "end_date",
                                    "impact",
                                    "number",
                                    "priority",
                                    "requested_by_date",
                                    "short_description",
                                    "start_date",
                                    "state",
                                    "sys_id",
                                    "urgency",
                                ],
                            ),
                            _negated=True,
                        ),
                        name="field_mapping_not_ours",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FieldTrial",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("change_request", "Change request"), ("incident", "Incident")],
                        max_length=20,
                        verbose_name="task type",
                    ),
                ),
                ("tried_at", models.DateTimeField(verbose_name="tried at")),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("made", "A record was created"),
                            ("refused", "ServiceNow refused it"),
                            ("unclear", "ServiceNow did not say whether it created the record"),
                        ],
                        max_length=20,
                        verbose_name="result",
                    ),
                ),
                (
                    "template",
                    models.CharField(
                        blank=True,
                        help_text="The standard change template, if any.",
                        max_length=200,
                        verbose_name="standard change template",
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=40, verbose_name="number")),
                ("is_canceled", models.BooleanField(default=False, verbose_name="canceled")),
                (
                    "keeps_correlation_id",
                    models.BooleanField(default=False, verbose_name="keeps the correlation ID"),
                ),
                (
                    "dropped_fields",
                    models.JSONField(blank=True, default=list, verbose_name="fields not kept"),
                ),
                (
                    "not_offered",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="By field.",
                        verbose_name="values that the instance does not offer",
                    ),
                ),
                (
                    "problem",
                    models.CharField(
                        blank=True, help_text="In ServiceNow's words.", max_length=500, verbose_name="problem"
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="connector.instance",
                        verbose_name="instance",
                    ),
                ),
            ],
            options={
                "verbose_name": "trial of fields",
                "verbose_name_plural": "trials of fields",
                "constraints": [
                    models.UniqueConstraint(fields=("instance", "kind"), name="field_trial_newest")
                ],
            },
        ),
        migrations.CreateModel(
            name="Requester",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                (
                    "sys_id",
                    models.CharField(blank=True, help_text="Empty: none, or more than one.", max_length=32),
                ),
                ("looked_up_at", models.DateTimeField()),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="connector.instance"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("instance", "email"), name="requester_known_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="StateName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("change_request", "Change request"), ("incident", "Incident")],
                        max_length=20,
                        verbose_name="task type",
                    ),
                ),
                ("value", models.CharField(max_length=40, verbose_name="stored value")),
                ("language", models.CharField(default="en", max_length=10, verbose_name="language")),
                (
                    "their_label",
                    models.CharField(blank=True, max_length=100, verbose_name="name in ServiceNow"),
                ),
                ("our_label", models.CharField(blank=True, max_length=100, verbose_name="our name")),
                (
                    "normalized_state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("new", "New"),
                            ("in_progress", "In progress"),
                            ("on_hold", "On hold"),
                            ("sent_back", "Sent back"),
                            ("resolved", "Resolved"),
                            ("closed", "Closed"),
                            ("closed_unsuccessfully", "Closed unsuccessfully"),
                            ("canceled", "Canceled"),
                            ("missing", "Gone or hidden"),
                        ],
                        max_length=30,
                        verbose_name="meaning",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="state_names",
                        to="connector.instance",
                        verbose_name="instance",
                    ),
                ),
            ],
            options={
                "verbose_name": "ticket state name",
                "verbose_name_plural": "ticket state names",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("instance", "kind", "value", "language"), name="state_name_unique"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["delivery", "next_attempt_at"], name="ticket_due"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["kind", "-created_at"], name="ticket_card"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["action", "-created_at"], name="ticket_last_of_action"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["is_open", "current_due_on"], name="ticket_overdue"),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_extra", False), ("is_open", True)),
                fields=("instance", "action"),
                name="ticket_one_open_per_action",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(
                condition=models.Q(("sys_id", ""), _negated=True),
                fields=("instance", "sys_id"),
                name="ticket_record_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(("delivery", "delivered"), ("sys_id", ""), _connector="XOR"),
                name="ticket_delivered_has_record",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("delivery__in", ("claimed", "sent")), _negated=True),
                    models.Q(("claim_token__isnull", False), ("claimed_until__isnull", False)),
                    _connector="OR",
                ),
                name="ticket_in_hand_has_claim",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("delivery", "sent"), _negated=True), ("sent_at__isnull", False), _connector="OR"
                ),
                name="ticket_sent_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "change_request"), ("priority__in", (1, 2, 3, 4))),
                    models.Q(("kind", "incident"), ("priority__in", (1, 2, 3, 4, 5))),
                    _connector="OR",
                ),
                name="ticket_priority_of_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("recommendation_source", "user"), ("action__isnull", False), _connector="OR"
                ),
                name="ticket_source_has_action",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(("fixed_at", None), ("chosen_at__isnull", False), _connector="OR"),
                name="finding_fixed_was_chosen",
            ),
        ),
        migrations.AddIndex(
            model_name="ticketcomment",
            index=models.Index(fields=["state", "next_attempt_at"], name="comment_due"),
        ),
        migrations.AddConstraint(
            model_name="ticketcomment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("note_sys_id", ""), _negated=True),
                fields=("ticket", "note_sys_id"),
                name="comment_note_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketevent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("type", "changed")),
                fields=("ticket", "sys_id", "sys_mod_count"),
                name="ticket_event_update_told_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketnote",
            constraint=models.UniqueConstraint(fields=("ticket", "sys_id"), name="ticket_note_unique"),
        ),
    ]
