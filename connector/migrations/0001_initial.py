import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import connector.models.secret_fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Connection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("claim_token", models.UUIDField(blank=True, editable=False, null=True)),
                ("claimed_until", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "grant",
                    models.CharField(
                        choices=[
                            ("authorization_code", "Authorization code"),
                            ("client_credentials", "Client credentials"),
                        ],
                        default="authorization_code",
                        max_length=20,
                        verbose_name="sign-in",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("authorizing", "Not yet authorized"),
                            ("connected", "Connected"),
                            ("needs_reauthorization", "Needs to be authorized again"),
                            ("removed", "Removed"),
                        ],
                        default="authorizing",
                        max_length=25,
                        verbose_name="status",
                    ),
                ),
                ("is_current", models.BooleanField(default=False, verbose_name="current")),
                ("client_id", models.CharField(max_length=200, verbose_name="client ID")),
                ("scope", models.CharField(blank=True, max_length=200, verbose_name="auth scope")),
                (
                    "integration_user_name",
                    models.CharField(blank=True, max_length=100, verbose_name="integration user's user ID"),
                ),
                (
                    "integration_user_sys_id",
                    models.CharField(blank=True, max_length=32, verbose_name="integration user's sys_id"),
                ),
                (
                    "integration_user_label",
                    models.CharField(blank=True, max_length=200, verbose_name="integration user"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("authorized_at", models.DateTimeField(blank=True, null=True, verbose_name="authorized")),
                (
                    "access_expires_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="access token ends"),
                ),
                (
                    "refresh_expires_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="refresh token ends"),
                ),
                (
                    "token_refusals",
                    models.PositiveIntegerField(default=0, verbose_name="tokens refused in a row"),
                ),
                (
                    "next_token_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="next request for a token"),
                ),
                (
                    "authorized_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="authorized by",
                    ),
                ),
            ],
            options={
                "verbose_name": "connection",
                "verbose_name_plural": "connections",
                "permissions": [
                    ("manage_connection", "Can set up, authorize and remove the ServiceNow connection")
                ],
            },
        ),
        migrations.CreateModel(
            name="ConnectionSecrets",
            fields=[
                (
                    "connection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="secrets",
                        serialize=False,
                        to="connector.connection",
                    ),
                ),
                (
                    "client_secret",
                    connector.models.secret_fields.SecretField(
                        blank=True, default="", serialize=False, verbose_name="client secret"
                    ),
                ),
                (
                    "access_token",
                    connector.models.secret_fields.SecretField(
                        blank=True, default="", serialize=False, verbose_name="access token"
                    ),
                ),
                (
                    "refresh_token",
                    connector.models.secret_fields.SecretField(
                        blank=True, default="", serialize=False, verbose_name="refresh token"
                    ),
                ),
            ],
            options={
                "verbose_name": "secrets of a connection",
                "verbose_name_plural": "secrets of connections",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Instance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "calls_slot_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="last five minutes with calls began"
                    ),
                ),
                ("calls_in_hour", models.PositiveIntegerField(default=0, verbose_name="calls that count")),
                (
                    "calls_earlier",
                    models.JSONField(
                        blank=True, default=list, verbose_name="calls in the five minutes before, and so on"
                    ),
                ),
                (
                    "host",
                    models.CharField(
                        help_text="As in the browser's address bar, with a port only if it has one.",
                        max_length=260,
                        unique=True,
                        verbose_name="host",
                    ),
                ),
                ("honours_sys_id", models.BooleanField(null=True, verbose_name="keeps the sys_id we choose")),
                (
                    "keyless_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="Nothing is sent until a trial record has kept one.",
                        null=True,
                        verbose_name="keeps none of our keys since",
                    ),
                ),
                (
                    "keyless_table",
                    models.CharField(
                        blank=True, max_length=40, verbose_name="table that keeps none of our keys"
                    ),
                ),
                (
                    "range_queries_allowed",
                    models.BooleanField(null=True, verbose_name="allows range queries"),
                ),
                (
                    "consecutive_failures",
                    models.PositiveIntegerField(default=0, verbose_name="consecutive failures"),
                ),
                (
                    "circuit_open_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="left alone until"),
                ),
                (
                    "rate_limited_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="asked to wait until"),
                ),
                ("last_contact_at", models.DateTimeField(blank=True, null=True, verbose_name="last contact")),
                ("last_error", models.CharField(blank=True, max_length=40, verbose_name="last error")),
                (
                    "last_error_detail",
                    models.CharField(
                        blank=True, max_length=500, verbose_name="last error in ServiceNow's words"
                    ),
                ),
                ("last_error_at", models.DateTimeField(blank=True, null=True, verbose_name="last error at")),
                (
                    "clock_offset",
                    models.DurationField(
                        blank=True,
                        help_text="The instance's clock minus ours.",
                        null=True,
                        verbose_name="clock offset",
                    ),
                ),
                ("clock_doubt", models.DurationField(blank=True, editable=False, null=True)),
                ("clock_doubt_since", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "delta_since",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="changes read up to (instance's clock)"
                    ),
                ),
                (
                    "last_swept_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="open tickets last checked"),
                ),
                (
                    "last_full_sweep_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="all tickets last checked"),
                ),
                (
                    "rows_left_out",
                    models.PositiveIntegerField(
                        default=0, verbose_name="rows not understood when last checked"
                    ),
                ),
            ],
            options={
                "verbose_name": "ServiceNow instance",
                "verbose_name_plural": "ServiceNow instances",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("host", ""), _negated=True), name="instance_host_given"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="connection",
            name="instance",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="connections",
                to="connector.instance",
                verbose_name="instance",
            ),
        ),
        migrations.CreateModel(
            name="PersonCalls",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "calls_slot_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="last five minutes with calls began"
                    ),
                ),
                ("calls_in_hour", models.PositiveIntegerField(default=0, verbose_name="calls that count")),
                (
                    "calls_earlier",
                    models.JSONField(
                        blank=True, default=list, verbose_name="calls in the five minutes before, and so on"
                    ),
                ),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "calls for a person",
                "verbose_name_plural": "calls for people",
            },
        ),
        migrations.CreateModel(
            name="CheckResult",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40, verbose_name="check")),
                ("finding", models.CharField(max_length=40, verbose_name="finding")),
                ("seen", models.CharField(blank=True, max_length=500, verbose_name="in ServiceNow's words")),
                ("checked_at", models.DateTimeField(verbose_name="checked")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="check_results",
                        to="connector.connection",
                        verbose_name="connection",
                    ),
                ),
            ],
            options={
                "verbose_name": "result of a check",
                "verbose_name_plural": "results of checks",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "name"), name="check_result_unique")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True)),
                fields=("is_current",),
                name="connection_one_current",
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_current", False),
                    ("status__in", ["connected", "needs_reauthorization"]),
                    _connector="OR",
                ),
                name="connection_current_was_authorized",
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("claim_token", None), ("claimed_until", None)),
                    models.Q(("claim_token__isnull", False), ("claimed_until__isnull", False)),
                    _connector="OR",
                ),
                name="connection_lease_complete",
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["authorizing", "connected", "needs_reauthorization", "removed"])
                ),
                name="connection_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(("grant__in", ["authorization_code", "client_credentials"])),
                name="connection_grant_known",
            ),
        ),
    ]
