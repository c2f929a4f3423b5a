"""What is in the instance at the start: users, groups, choices, change models; for demonstrations some records."""

import uuid
from datetime import datetime, timedelta
from importlib import resources

from sandbox.servicenow.clock import stamp
from sandbox.servicenow.dictionary import tables
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
GROUPS = {
    "b1c2d3e4f5a64788990a1b2c3d4e5f60": "Service Desk",
    "c2d3e4f5a6b74899900b1c2d3e4f5a61": "Security Operations",
}
# Out-of-the-box models of a recent release.
MODELS = {
    "007c4001c343101035ae3f52c1d3aeb2": "Normal",
    "e55d0bfec343101035ae3f52c1d3ae49": "Standard",
    "62d10fa1c303101035ae3f52c1d3aec1": "Emergency",
}
DEMO_INCIDENTS = (
    ("Password reset e-mail does not arrive", "2", "2", "2"),
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
        for sys_id, name in MODELS.items() if switches.change_models else ():
            _add(store, "chg_model", when, sys_id=sys_id, name=name)
        plant_choices(store, switches, now)
        if demo:
            _plant_demo(store, now)
        for number in range(1, extra + 1):
            title = f"Extra incident {number}"
            _add_task(store, "incident", now - timedelta(seconds=number), short_description=title)


def plant_choices(store: Store, switches: Switches, now: datetime) -> None:
    """The choice lists of `choices.txt`, with the close codes of the instance's age."""
    text = resources.files(__package__).joinpath("choices.txt").read_text(encoding="utf-8")
    left_out = "close_code:new" if switches.old_close_codes else "close_code:old"
    with store.transaction():
        store.delete("sys_choice")
        for line in text.splitlines():
            name, element, *pairs = [part.strip() for part in line.partition("#")[0].split("|")] + [""]
            if name and element != left_out:
                _plant_choice_list(
                    store, stamp(now), name, element.partition(":")[0], [p for p in pairs if p]
                )


def _plant_choice_list(store: Store, when: str, name: str, element: str, pairs: list[str]) -> None:
    for place, pair in enumerate(pairs):
        value, _, label = pair.partition("=")
        sys_id = uuid.uuid5(uuid.NAMESPACE_OID, f"{name}.{element}.{value}").hex
        listed = {"name": name, "element": element, "value": value.strip(), "label": (label or value).strip()}
        _add(store, "sys_choice", when, sys_id=sys_id, **listed, sequence=str(place))


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
