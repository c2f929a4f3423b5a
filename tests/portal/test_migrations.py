"""Migrations from nothing to the newest and back, and the role groups that follow them."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from accounts.models import User
from accounts.roles import ADMINISTRATOR, READER, ROLES, SECURITY_ADMINISTRATOR, sync_roles
from tests.portal.scratch import KEYS, environment, manage, scratch_database
from tests.portal.test_demonstration import programs, refusals, run
from tests.ports import free_port

OURS = ["portal", "tickets", "scorecard", "connector", "accounts"]
LIST_GROUPS = """
import json
from django.contrib.auth.models import Group
print(json.dumps({g.name: sorted(f"{p.content_type.app_label}.{p.codename}" for p in g.permissions.all())
                  for g in Group.objects.all()}))
"""

# What another version leaves: a migration that this one does not have, and a table without a column that is asked for
# at every start; or the same migrations, and a column that has another name.
AS_ANOTHER_VERSION = {
    "another migration": """
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
MigrationRecorder(connection).record_applied("tickets", "0029_something_else")
connection.cursor().execute("ALTER TABLE accounts_user RENAME COLUMN username TO login")
""",
    "another column": """
from django.db import connection
connection.cursor().execute("ALTER TABLE tickets_ticket RENAME COLUMN next_attempt_at TO next_try_at")
""",
}
LIST_TABLES = """
from django.db import connection
tables = sorted(connection.introspection.table_names())
cursor = connection.cursor()
print([(table, [column.name for column in connection.introspection.get_table_description(cursor, table)])
       for table in tables])
"""


def permissions_of(group: str) -> list[str]:
    held = Permission.objects.filter(group__name=group).select_related("content_type")
    return sorted(f"{each.content_type.app_label}.{each.codename}" for each in held)


def expected() -> dict[str, list[str]]:
    return {name: sorted(labels) for name, labels in ROLES.items()}


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.slow
@pytest.mark.database
def test_migrations_go_from_zero_to_the_newest_and_back_and_forth_again(tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        done = manage(*arguments, settings=settings)
        assert done.returncode == 0, done.stderr
        return done.stdout

    with scratch_database(tmp_path) as address:
        settings = environment(tmp_path, **KEYS, DATABASE_URL=address)
        run("migrate", "--verbosity", "0")
        assert json.loads(run("shell", "--verbosity", "0", "--command", LIST_GROUPS)) == expected()
        for app in OURS:
            run("migrate", app, "zero", "--verbosity", "0")
        assert "[X]" not in run("showmigrations", *OURS)
        run("migrate", "--verbosity", "0")
        assert "[ ]" not in run("showmigrations")
        assert json.loads(run("shell", "--verbosity", "0", "--command", LIST_GROUPS)) == expected()


@pytest.mark.parametrize("other", AS_ANOTHER_VERSION)
@pytest.mark.parametrize("program", ["make serve", "gunicorn", "worker"])
def test_a_database_of_another_version_is_told_in_a_line_and_left_alone(
    tmp_path: Path, program: str, other: str
) -> None:
    with scratch_database(tmp_path) as address:
        settings = environment(tmp_path, **KEYS, DATABASE_URL=address, PORT=str(free_port()))
        assert manage("migrate", "--verbosity", "0", settings=settings).returncode == 0
        spoil = ["shell", "--verbosity", "0", "--command", AS_ANOTHER_VERSION[other]]
        assert manage(*spoil, settings=settings).returncode == 0
        before = manage("shell", "--verbosity", "0", "--command", LIST_TABLES, settings=settings).stdout
        done = run(programs(tmp_path)[program], settings)
        [line] = refusals(done)
        assert "another version of Scoredesk made this database" in line
        assert str(tmp_path) in line
        assert (
            manage("shell", "--verbosity", "0", "--command", LIST_TABLES, settings=settings).stdout == before
        )


@pytest.mark.django_db
def test_each_role_holds_exactly_its_permissions() -> None:
    assert {group.name: permissions_of(group.name) for group in Group.objects.all()} == expected()


def test_each_role_may_all_that_the_one_before_may() -> None:
    assert set(ROLES[READER]) < set(ROLES[SECURITY_ADMINISTRATOR]) < set(ROLES[ADMINISTRATOR])


def test_a_reader_may_view_and_nothing_else() -> None:
    assert all(label.split(".")[1].startswith("view_") for label in ROLES[READER])


@pytest.mark.django_db
def test_syncing_again_changes_nothing_and_keeps_who_is_in_a_group(reader: User) -> None:
    before = list(Group.objects.order_by("pk").values_list("pk", "name"))
    sync_roles()
    sync_roles()
    assert list(Group.objects.order_by("pk").values_list("pk", "name")) == before
    assert {group.name: permissions_of(group.name) for group in Group.objects.all()} == expected()
    assert reader.groups.get().name == READER


@pytest.mark.django_db
def test_syncing_takes_away_what_was_given_by_hand_and_gives_back_what_was_taken() -> None:
    group = Group.objects.get(name=READER)
    group.permissions.set(Permission.objects.filter(codename="delete_ticket"))
    sync_roles()
    assert permissions_of(READER) == expected()[READER]


@pytest.mark.django_db
def test_a_permission_that_no_model_declares_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROLES, READER, [*ROLES[READER], "tickets.fly_ticket"])
    with pytest.raises(LookupError, match=r"tickets\.fly_ticket"):
        sync_roles()
