import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("succeeded_at", models.DateTimeField(blank=True, null=True, verbose_name="last success")),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        choices=[("graph", "Microsoft Graph"), ("files", "saved answers")],
                        max_length=20,
                        verbose_name="read from",
                    ),
                ),
                ("left_out", models.JSONField(blank=True, default=list, verbose_name="left out")),
                ("left_out_count", models.PositiveIntegerField(default=0, verbose_name="entries left out")),
                ("failed_at", models.DateTimeField(blank=True, null=True, verbose_name="last error at")),
                (
                    "failure",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_configured", "The settings do not say how to sign in to Microsoft Graph."),
                            ("wrong_tenant", "Microsoft Entra knows no such tenant."),
                            (
                                "wrong_client",
                                "Microsoft Entra knows no such app registration in this tenant.",
                            ),
                            ("wrong_secret", "Microsoft Entra does not accept the client secret."),
                            ("expired_secret", "The client secret has expired."),
                            ("disabled", "The app registration is disabled in Microsoft Entra."),
                            (
                                "wrong_cloud",
                                "Microsoft Entra knows no Microsoft Graph at the address that is set.",
                            ),
                            ("no_consent", "Nobody has granted admin consent to the app registration."),
                            (
                                "sign_in_refused",
                                "Microsoft Entra refused the sign-in of the app registration.",
                            ),
                            ("token_not_accepted", "Microsoft Graph does not accept the access token."),
                            ("no_permission", "The app registration may not read Secure Score."),
                            ("gone", "Microsoft Graph has no Secure Score at this address."),
                            ("refused", "Microsoft Graph refused the call."),
                            ("rate_limited", "Microsoft asked for fewer calls."),
                            ("microsoft_down", "Microsoft has a problem."),
                            ("unreachable", "Microsoft could not be reached."),
                            (
                                "not_trusted",
                                "The certificate of whoever answered in Microsoft's place is not trusted.",
                            ),
                            ("proxy", "The proxy did not lead to Microsoft."),
                            ("no_answer", "Microsoft's answer did not arrive in full."),
                            ("unreadable", "Something that is not Microsoft Graph answered."),
                            ("endless", "The pages of Microsoft Graph's answer would never end."),
                            ("document", "What was to be imported cannot be used."),
                            ("unexpected", "The portal made a mistake."),
                        ],
                        max_length=30,
                        verbose_name="last error",
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=1000, verbose_name="details")),
                ("asked_at", models.DateTimeField(blank=True, null=True, verbose_name="asked for at")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                ("claim_token", models.UUIDField(blank=True, editable=False, null=True)),
                ("claimed_until", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "verbose_name": "state of the import",
                "verbose_name_plural": "state of the import",
                "permissions": [("read_secure_score", "Can have Secure Score read now")],
            },
        ),
        migrations.CreateModel(
            name="ScoreDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("scored_on", models.DateField(unique=True, verbose_name="scored on")),
                ("calculated_at", models.DateTimeField(verbose_name="calculated at")),
                ("current_score", models.FloatField(verbose_name="current score")),
                ("max_score", models.FloatField(verbose_name="maximum score")),
                ("active_users", models.IntegerField(blank=True, null=True, verbose_name="active users")),
                ("licensed_users", models.IntegerField(blank=True, null=True, verbose_name="licensed users")),
                ("comparisons", models.JSONField(blank=True, default=list, verbose_name="comparisons")),
            ],
            options={
                "verbose_name": "score of a day",
                "verbose_name_plural": "scores by day",
                "ordering": ["-scored_on"],
                "get_latest_by": "scored_on",
            },
        ),
        migrations.CreateModel(
            name="ImprovementAction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("control_id", models.CharField(max_length=200, unique=True, verbose_name="control ID")),
                ("has_profile", models.BooleanField(default=False, verbose_name="has a profile")),
                ("title", models.CharField(max_length=500, verbose_name="title")),
                (
                    "category",
                    models.CharField(blank=True, db_index=True, max_length=100, verbose_name="category"),
                ),
                ("product", models.CharField(blank=True, max_length=100, verbose_name="product")),
                (
                    "max_score",
                    models.FloatField(
                        blank=True, help_text="Empty: unknown.", null=True, verbose_name="maximum score"
                    ),
                ),
                ("rank", models.IntegerField(blank=True, null=True, verbose_name="rank")),
                ("tier", models.CharField(blank=True, max_length=100, verbose_name="tier")),
                (
                    "user_impact",
                    models.CharField(
                        blank=True,
                        choices=[("", "Unknown"), ("low", "Low"), ("moderate", "Moderate"), ("high", "High")],
                        max_length=20,
                        verbose_name="user impact",
                    ),
                ),
                (
                    "implementation_cost",
                    models.CharField(
                        blank=True,
                        choices=[("", "Unknown"), ("low", "Low"), ("moderate", "Moderate"), ("high", "High")],
                        max_length=20,
                        verbose_name="implementation cost",
                    ),
                ),
                ("threats", models.JSONField(blank=True, default=list, verbose_name="threats")),
                (
                    "remediation",
                    models.TextField(
                        blank=True, help_text="HTML as Microsoft wrote it.", verbose_name="remediation"
                    ),
                ),
                ("remediation_impact", models.TextField(blank=True, verbose_name="remediation impact")),
                ("action_url", models.TextField(blank=True, verbose_name="action URL")),
                ("action_type", models.CharField(blank=True, max_length=100, verbose_name="action type")),
                ("deprecated", models.BooleanField(default=False, verbose_name="deprecated")),
                (
                    "is_scored",
                    models.BooleanField(
                        default=False, help_text="Counts towards the newest score.", verbose_name="is scored"
                    ),
                ),
                ("scored_on", models.DateField(blank=True, null=True, verbose_name="scored on")),
                ("score", models.FloatField(blank=True, null=True, verbose_name="score")),
                ("previous_score", models.FloatField(blank=True, null=True, verbose_name="previous score")),
                (
                    "score_in_percentage",
                    models.FloatField(blank=True, null=True, verbose_name="score in percentage"),
                ),
                ("description", models.TextField(blank=True, verbose_name="description")),
                ("implementation_status", models.TextField(blank=True, verbose_name="implementation status")),
                (
                    "last_synced_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last synced at"),
                ),
                ("first_seen_at", models.DateTimeField(verbose_name="first seen at")),
            ],
            options={
                "verbose_name": "improvement action",
                "verbose_name_plural": "improvement actions",
                "ordering": ["title", "control_id"],
                "indexes": [models.Index(fields=["is_scored", "rank"], name="action_scored_rank")],
            },
        ),
        migrations.CreateModel(
            name="ControlScoreDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("scored_on", models.DateField(db_index=True, verbose_name="scored on")),
                ("score", models.FloatField(verbose_name="score")),
                (
                    "action",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="score_days",
                        to="scorecard.improvementaction",
                        verbose_name="action",
                    ),
                ),
            ],
            options={
                "verbose_name": "action's score of a day",
                "verbose_name_plural": "action scores by day",
                "ordering": ["-scored_on"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("action", "scored_on"), name="one_score_per_action_and_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ActionPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("to_address", "To address"),
                            ("planned", "Planned"),
                            ("risk_accepted", "Risk accepted"),
                            ("third_party", "Resolved through third party"),
                            ("alternate_mitigation", "Resolved through alternate mitigation"),
                        ],
                        default="to_address",
                        max_length=30,
                        verbose_name="status",
                    ),
                ),
                ("notes", models.TextField(blank=True, verbose_name="notes")),
                ("tags", models.JSONField(blank=True, default=list, verbose_name="tags")),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due on")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "action",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="plan",
                        to="scorecard.improvementaction",
                        verbose_name="action",
                    ),
                ),
            ],
            options={
                "verbose_name": "action plan",
                "verbose_name_plural": "action plans",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "to_address",
                                    "planned",
                                    "risk_accepted",
                                    "third_party",
                                    "alternate_mitigation",
                                ],
                            )
                        ),
                        name="plan_status_is_choosable",
                    )
                ],
            },
        ),
    ]
