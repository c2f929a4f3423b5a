"""What an instance tells about itself to whoever may ask, and what it keeps from an integration user."""

import pytest

from connector.servicenow import errors, metadata
from connector.servicenow.client import Client
from tests.connector.callers import client_of
from tests.sandbox_process import SandboxProcess

ADMIN = ("admin", "admin")


@pytest.fixture
def integration(sandbox: SandboxProcess) -> Client:
    return client_of(sandbox.url, sandbox.token())


@pytest.fixture
def admin(sandbox: SandboxProcess) -> Client:
    return client_of(sandbox.url, sandbox.token(ADMIN))


def test_an_administrator_reads_the_release(admin: Client, sandbox: SandboxProcess) -> None:
    assert metadata.release(admin).startswith("glide-zurich-")
    for row in sandbox.records("sys_properties"):
        sandbox.delete("sys_properties", row["sys_id"])
    assert metadata.release(admin) == ""


def test_roles_are_those_of_the_user_and_no_other(admin: Client) -> None:
    user = admin.whoami()
    assert user is not None
    assert metadata.roles(admin, user.sys_id) == ["admin"]
    assert metadata.roles(admin, "0" * 32) == []


def test_fields_are_mandatory_where_the_dictionary_says_so(admin: Client, sandbox: SandboxProcess) -> None:
    assert metadata.mandatory(admin, "incident") == []
    [entry] = sandbox.records("sys_dictionary", name="incident", element="caller_id")
    sandbox.change("sys_dictionary", entry["sys_id"], mandatory="true")
    assert metadata.mandatory(admin, "incident") == ["caller_id"]
    assert metadata.mandatory(admin, "change_request") == []


def test_a_careful_instance_refuses_all_of_it(integration: Client) -> None:
    for ask in (metadata.release, lambda client: metadata.roles(client, "0" * 32)):
        with pytest.raises(errors.Refused):
            ask(integration)
    with pytest.raises(errors.Refused):
        metadata.mandatory(integration, "incident")
