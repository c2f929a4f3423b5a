"""A ServiceNow instance as the contract suite sees it: how to sign in, how to make records, how to tidy up."""

import logging
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests

from connector.servicenow import oauth, responses
from connector.servicenow.auth import Bearer
from connector.servicenow.client import Client
from connector.servicenow.errors import ServiceNowError
from connector.servicenow.oauth import OAuthClient
from connector.servicenow.records import Record, Tokens
from connector.servicenow.transport import Call, Timeouts, Transport, answer_of

logger = logging.getLogger(__name__)
MARK = "Scoredesk contract suite"
TIMEOUTS = Timeouts(connect=20, read=60, total=60)
# How a record that may not be deleted ends: the state Canceled of each table.
CANCELLED = {"incident": {"state": "8"}, "change_request": {"state": "4", "work_notes": MARK}}


@dataclass
class FarSide:
    """One instance, and what was learnt and made there."""

    name: str
    url: str
    oauth_client: OAuthClient
    user: tuple[str, str] | None = None
    # What an instance does where we can live with either answer.
    notes: dict[str, str] = field(default_factory=dict)
    made: list[Record] = field(default_factory=list)
    # Whatever could neither be deleted nor cancelled.
    left: list[str] = field(default_factory=list)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "FarSide | None":
        """The instance named by SERVICENOW_TEST_URL and its companions, if there is one.

        Raises ValueError where a companion is missing.
        """
        url = environment.get("SERVICENOW_TEST_URL", "").rstrip("/")
        if not url:
            return None
        client_id, client_secret, name, password = (
            environment.get(f"SERVICENOW_TEST_{companion}", "")
            for companion in ("CLIENT_ID", "CLIENT_SECRET", "USER", "PASSWORD")
        )
        if not (client_id and client_secret):
            raise ValueError(
                "SERVICENOW_TEST_URL needs SERVICENOW_TEST_CLIENT_ID and SERVICENOW_TEST_CLIENT_SECRET."
            )
        return cls("real", url, OAuthClient(client_id, client_secret), (name, password) if name else None)

    @property
    def addresses(self) -> list[str]:
        """Where the instance is, looked up."""
        found = socket.getaddrinfo(urlsplit(self.url).hostname, None, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(one[4][0]) for one in found))

    @property
    def transport(self) -> Transport:
        return Transport(
            self.url,
            lambda: self.addresses,
            TIMEOUTS,
            ca_bundle=os.environ.get("CA_BUNDLE", ""),
        )

    def tokens(self) -> Tokens:
        """Sign in: by client credentials, or as a user by the password grant, which the portal itself never uses."""
        if self.user is None:
            return oauth.request_token(self.transport, self.oauth_client)
        form = {
            "grant_type": "password",
            "username": self.user[0],
            "password": self.user[1],
            "client_id": self.oauth_client.client_id,
            "client_secret": self.oauth_client.client_secret,
        }
        way = self.transport
        with requests.Session() as session:
            way.carry(session)
            return responses.read_tokens(answer_of(session.post(f"{self.url}/oauth_token.do", data=form)))

    def client(self, access_token: str = "") -> Client:
        """A client that signs in again when its token is refused."""
        bearer = Bearer(
            access_token or self.tokens().access_token, lambda refused: self.tokens().access_token
        )
        return Client(self.transport, bearer)

    def note(self, fact: str, value: Any) -> None:
        """Remember what this instance does, for the report at the end."""
        self.notes[fact] = (
            {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
        )

    def make(self, client: Client, table: str, **fields: str) -> Record:
        """Create a record that is tidied up after the test."""
        asked = {
            "short_description": MARK,
            "correlation_id": str(uuid4()),
            "correlation_display": MARK,
            "sys_id": uuid4().hex,
            **fields,
        }
        record = client.create(table, asked)
        self.made.append(record)
        return record

    def tidy(self) -> None:
        """Delete what the test made, or cancel it where the integration user may not delete."""
        if not self.made:
            return
        client = self.client()
        while self.made:
            record = self.made.pop()
            path = f"/api/now/table/{record.table}/{record.sys_id}"
            answer = client.bearer.send(client.transport, Call("DELETE", path, {}))
            if answer.status not in (204, 404) and not _cancelled(client, record):
                self.left.append(record.number)


def _cancelled(client: Client, record: Record) -> bool:
    try:
        client.update(record.table, record.sys_id, CANCELLED[record.table])
    except ServiceNowError as error:
        logger.warning("%s could not be cancelled: %s", record.number, error)
        return False
    return True
