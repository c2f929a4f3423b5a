"""What is in the instance at the start: users, groups, choices, change models; for demonstrations some records."""

import uuid
from datetime import datetime, timedelta
from importlib import resources

from sandbox.servicenow.approvals import BOARD, PEERS
from sandbox.servicenow.clock import stamp
from sandbox.servicenow.dictionary import tables
from sandbox.servicenow.seed_dictionary import plant_dictionary
from sandbox.servicenow.seed_tasks import plant_incidents
from sandbox.servicenow.store import Row, Store
from sandbox.servicenow.switches import Switches

ADMIN = "6816f79cc0a8016401c5a33be04be441"
USERS = (
    {"sys_id": ADMIN, "user_name": "admin", "first_name": "System", "last_name": "Administrator",
     "email": "admin@example.com", "roles": "admin"},
    {"sys_id": "3d1ef2a94f0a4b6bb2ff0ba5d3c0a365", "user_name": "m365.integration", "first_name": "Microsoft 365",
     "last_name": "Integration", "email": "m365.integration@example.com", "roles": "itil"},
    {"sys_id": "5f2d7c1e4b8a4f0f9d6e2a1b3c4d5e6f", "user_name": "hana.mori", "first_name": "Hana", "last_name": "Mori",
     "email": "hana.mori@example.com", "roles": "itil"},
    {"sys_id": "8a4c6e2f0b1d4c3e9f7a5b6c7d8e9f01", "user_name": "bram.visser", "first_name": "Bram",
     "last_name": "Visser", "email": "bram.visser@example.com", "roles": "itil"},
)  # fmt: skip
SERVICE_DESK = "b1c2d3e4f5a64788990a1b2c3d4e5f60"
GROUPS = {SERVICE_DESK: "Service Desk", PEERS: "Security Operations", BOARD: "CAB Approval"}
MEMBERS = (
    ("hana.mori", SERVICE_DESK),
    ("bram.visser", SERVICE_DESK),
    ("bram.visser", PEERS),
    ("hana.mori", BOARD),
)
# Out-of-the-box models of a recent release.
MODELS = {
    "007c4001c343101035ae3f52c1d3aeb2": "Normal",
    "e55d0bfec343101035ae3f52c1d3ae49": "Standard",
    "62d10fa1c303101035ae3f52c1d3aec1": "Emergency",
}
CHOICE_LISTS = {"en": "choices.txt", "ja": "choices.ja.txt"}
DEMO_INCIDENTS = (
    ("Password reset email does not arrive", "2", "2", "2"),
    ("Shared mailbox asks for a password at every start", "3", "2", "1"),
    ("VPN drops after ten minutes", "1", "2", "1"),
)
DEMO_CHANGES = (("Renew the certificate of the reverse proxy", "-2"), ("Retire the old file server", "-5"))


def plant(store: Store, switches: Switches, now: datetime, *, demo: bool, extra: int) -> None:
    """Fill an empty store; `extra` plain incidents on top."""
    when = stamp(now)
    with store.transaction():
        for user in USERS:
            _add(store, "sys_user", when, **user, name=f"{user['first_name']} {user['last_name']}")
        for sys_id, name in GROUPS.items():
            _add(store, "sys_user_group", when, sys_id=sys_id, name=name)
        _plant_roles(store, when)
        ids = {user["user_name"]: user["sys_id"] for user in USERS}
        for user_name, group in MEMBERS:
            member = uuid.uuid5(uuid.NAMESPACE_OID, f"{user_name}.{group}").hex
            _add(store, "sys_user_grmember", when, sys_id=member, user=ids[user_name], group=group)
        for sys_id, name in MODELS.items() if switches.change_models else ():
            _add(store, "chg_model", when, sys_id=sys_id, name=name)
        plant_choices(store, switches, now)
        plant_dictionary(store, when, switches.profile)
        if demo:
            _plant_demo(store, now)
        plant_incidents(store, extra, now, [*ids.values()], [*GROUPS])


def _plant_roles(store: Store, when: str) -> None:
    ids = {name: uuid.uuid5(uuid.NAMESPACE_OID, f"role {name}").hex for name in ("admin", "itil")}
    for name, sys_id in ids.items():
        _add(store, "sys_user_role", when, sys_id=sys_id, name=name)
    for user in USERS:
        held = uuid.uuid5(uuid.NAMESPACE_OID, f"{user['user_name']} has {user['roles']}").hex
        role = ids[user["roles"]]
        _add(store, "sys_user_has_role", when, sys_id=held, user=user["sys_id"], role=role)


def plant_choices(store: Store, switches: Switches, now: datetime) -> None:
    """The choice lists in the languages that are installed, with the close codes of the instance's age."""
    left_out = "close_code:new" if switches.old_close_codes else "close_code:old"
    with store.transaction():
        store.delete("sys_choice")
        for language in switches.languages.split(","):
            file = CHOICE_LISTS[language]
            for line in resources.files(__package__).joinpath(file).read_text(encoding="utf-8").splitlines():
                name, element, *pairs = [part.strip() for part in line.partition("#")[0].split("|")] + [""]
                if name and element != left_out:
                    listed = {"name": name, "element": element.partition(":")[0], "language": language}
                    _plant_choice_list(store, stamp(now), listed, [pair for pair in pairs if pair])


def _plant_choice_list(store: Store, when: str, listed: Row, pairs: list[str]) -> None:
    for place, pair in enumerate(pairs):
        value, _, label = pair.partition("=")
        key = f"{listed['name']}.{listed['element']}.{value}"
        if listed["language"] != "en":
            key += f".{listed['language']}"
        choice = {"value": value.strip(), "label": (label or value).strip(), "sequence": str(place)}
        _add(store, "sys_choice", when, sys_id=uuid.uuid5(uuid.NAMESPACE_OID, key).hex, **listed, **choice)


def _plant_demo(store: Store, now: datetime) -> None:
    for days, (title, impact, urgency, state) in enumerate(DEMO_INCIDENTS, start=1):
        priority = str(int(impact) + int(urgency) - 1)
        fields = {
            "impact": impact,
            "urgency": urgency,
            "priority": priority,
            "state": state,
            "incident_state": state,
        }
        _add_task(store, "incident", now - timedelta(days=days), short_description=title, **fields)
    for days, (title, state) in enumerate(DEMO_CHANGES, start=1):
        _add_task(store, "change_request", now - timedelta(days=days), short_description=title, state=state)


def _add_task(store: Store, table: str, at: datetime, **fields: str) -> None:
    number = store.next_number(tables()[table])
    opened = {"opened_at": stamp(at), "opened_by": ADMIN, "number": number, "task_effective_number": number}
    _add(store, table, stamp(at), sys_id=uuid.uuid4().hex, **opened, **fields)


def _add(store: Store, table: str, when: str, **fields: str) -> None:
    declared = tables()[table].fields
    row: Row = {name: field.default for name, field in declared.items()}
    stamps = {
        "sys_created_on": when,
        "sys_updated_on": when,
        "sys_created_by": "system",
        "sys_updated_by": "system",
    }
    store.insert(table, {**row, **stamps, **fields})
