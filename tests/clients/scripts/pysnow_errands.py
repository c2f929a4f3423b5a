"""Errands of pysnow, a client that many scripts still use, as its documentation says."""

import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pysnow  # type: ignore[import-not-found]
import requests

from tests.clients.scripts.errands import ADMIN, CHOSEN, CLIENT, INTEGRATION, errand, main


def table(url: str, name: str = "incident", user: tuple[str, str] = ADMIN) -> Any:
    client = pysnow.Client(host=urlsplit(url).netloc, user=user[0], password=user[1], use_ssl=False)
    return client.resource(api_path=f"/table/{name}")


@errand
def paging(url: str) -> Any:
    query = pysnow.QueryBuilder().field("number").order_descending()
    query = query.AND().field("sys_created_by").not_equals("admin")
    query = query.AND().field("sys_created_by").not_equals(INTEGRATION[0])
    pages = [
        table(url).get(query=query, limit=100, offset=start, fields=["number"]).all()
        for start in range(0, 1100, 100)
    ]
    return [row["number"] for page in pages for row in page]


@errand
def get(url: str) -> Any:
    made = table(url).create({"short_description": "wanted"}).one()
    found = table(url).get(query={"number": made["number"]}).one()
    return [found["short_description"], table(url).get(query={"number": "INC0"}).one_or_none()]


@errand
def insert(url: str) -> Any:
    made = table(url).create({"short_description": "of pysnow", "impact": "1", "urgency": "2"}).one()
    return {name: made[name] for name in ("number", "priority", "sys_class_name")}


@errand
def insert_with_chosen_id(url: str) -> Any:
    asked = {"sys_id": f"{CHOSEN}0002", "short_description": "of pysnow"}
    return table(url, user=INTEGRATION).create(asked).one()["sys_id"]


@errand
def update(url: str) -> Any:
    made = table(url).create({"short_description": "before"}).one()
    changed = table(url).update({"number": made["number"]}, {"short_description": "after"}).one()
    return [changed["sys_id"] == made["sys_id"], changed["short_description"], changed["sys_mod_count"]]


@errand
def delete(url: str) -> Any:
    made = table(url).create({"short_description": "short-lived"}).one()
    answer = table(url).delete({"sys_id": made["sys_id"]})
    return [answer, table(url).get(query={"sys_id": made["sys_id"]}).one_or_none()]


@errand
def journals(url: str) -> Any:
    made = table(url).create({"short_description": "noted", "work_notes": "seen by pysnow"}).one()
    entries = table(url, "sys_journal_field").get(query={"element_id": made["sys_id"]}).all()
    return [[entry["element"], entry["value"]] for entry in entries]


@errand
def display_values(url: str) -> Any:
    incidents = table(url)
    made = incidents.create({"short_description": "shown", "impact": "1", "urgency": "1"}).one()
    incidents.parameters.display_value = True
    shown = incidents.get(query={"number": made["number"]}).one()
    return {name: shown[name] for name in ("priority", "state", "active")}


@errand
def attachments(url: str) -> Any:
    incidents = table(url)
    made = incidents.create({"short_description": "with a file"}).one()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notes.txt"
        path.write_text("first")
        incidents.attachments.upload(sys_id=made["sys_id"], file_path=str(path))
    return [row["file_name"] for row in incidents.attachments.get(sys_id=made["sys_id"])]


@errand
def errors(url: str) -> Any:
    attempts = {
        "table": lambda: table(url, "no_such_table").get(query={}).all(),
        "password": lambda: table(url, user=("admin", "wrong")).get(query={}).all(),
    }
    outcome = {}
    for name, attempt in attempts.items():
        try:
            attempt()
        except requests.HTTPError as error:
            outcome[name] = error.response.status_code
    return outcome


@errand
def oauth(url: str) -> Any:
    host = urlsplit(url).netloc
    client = pysnow.OAuthClient(client_id=CLIENT[0], client_secret=CLIENT[1], host=host)
    client.set_token(client.generate_token(*INTEGRATION))
    made = client.resource(api_path="/table/incident").create({"short_description": "by OAuth"}).one()
    return made["sys_created_by"]


if __name__ == "__main__":
    main()
