import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="SignInCounter",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("since", models.DateTimeField(db_index=True)),
                ("signed_in_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "sign-in counter",
                "verbose_name_plural": "sign-in counters",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email address")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined"),
                ),
                ("tenant_id", models.CharField(blank=True, max_length=36, verbose_name="tenant ID")),
                ("object_id", models.CharField(blank=True, max_length=36, verbose_name="object ID")),
                ("language", models.CharField(blank=True, max_length=10, verbose_name="language")),
                ("hidden_cards", models.JSONField(blank=True, default=list, verbose_name="hidden cards")),
                (
                    "notices",
                    models.JSONField(blank=True, default=list, editable=False, verbose_name="notices"),
                ),
                (
                    "session_epoch",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="session epoch"),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, db_index=True, verbose_name="time")),
                ("actor_name", models.CharField(blank=True, max_length=150, verbose_name="actor name")),
                (
                    "actor_kind",
                    models.CharField(
                        choices=[
                            ("person", "Person"),
                            ("portal", "Portal"),
                            ("rule", "Rule"),
                            ("graph", "Microsoft Graph"),
                            ("servicenow", "ServiceNow"),
                        ],
                        max_length=20,
                        verbose_name="kind of actor",
                    ),
                ),
                ("verb", models.CharField(max_length=60, verbose_name="verb")),
                ("target", models.CharField(blank=True, max_length=200, verbose_name="target")),
                ("address", models.CharField(blank=True, max_length=45, verbose_name="address")),
                ("request_id", models.CharField(blank=True, max_length=64, verbose_name="request ID")),
                ("detail", models.JSONField(blank=True, default=dict, verbose_name="detail")),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="actor",
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                condition=models.Q(("object_id", ""), _negated=True),
                fields=("tenant_id", "object_id"),
                name="user_entra_identity_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="auditentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("actor_kind__in", ["person", "portal", "rule", "graph", "servicenow"])),
                name="audit_entry_actor_kind_known",
            ),
        ),
    ]
