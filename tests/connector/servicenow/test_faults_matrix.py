"""Every fault of the sandbox x every call of the client: which error it becomes, and what that says to do next."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from connector.servicenow import errors, oauth
from connector.servicenow.auth import Bearer
from connector.servicenow.batch import Listing
from connector.servicenow.client import Client
from connector.servicenow.errors import ServiceNowError
from connector.servicenow.oauth import OAuthClient
from connector.servicenow.records import Tokens
from connector.servicenow.transport import Timeouts, Transport
from sandbox.servicenow.misbehaviour import KINDS
from tests.connector.canaries import leaks_of
from tests.sandbox_process import CLIENT, SandboxProcess

FIELDS = ("sys_id", "number", "correlation_id")
TEMPLATE = "508e02ec47410200e90d87e8dee49058"
KEY = "0d7c7b1e-7c1c-4b55-9a52-6b1e9c1e4f7a"


@dataclass(frozen=True)
class Ending:
    """How a call ends: an error and its two answers to "what next", the `code` it carries, or a value."""

    error: type[ServiceNowError] | None = None
    retryable: bool = False
    outcome_unknown: bool = False
    code: str = ""
    gives: Callable[[Any], bool] = bool


def unknown(error: type[ServiceNowError]) -> Ending:
    return Ending(error, retryable=True, outcome_unknown=True, code=error.code)


def later(error: type[ServiceNowError]) -> Ending:
    return Ending(error, retryable=True, code=error.code)


def never(error: type[ServiceNowError]) -> Ending:
    return Ending(error, code=error.code)


def doubted(error: type[ServiceNowError]) -> Ending:
    """A no that a read can take for one; what changes something may have been carried out."""
    return Ending(error, outcome_unknown=True, code=error.code)


def no_token(cause: type[ServiceNowError]) -> Ending:
    """No token just now; whatever waits for one was not sent, so there is nothing unknown about it."""
    return Ending(errors.TokenUnavailable, retryable=True, code=cause.code)


WELL = Ending()
DONE = Ending(gives=lambda value: value is None)  # a call that gives nothing
NOTHING = Ending(gives=lambda value: not value)  # no record, no rows
LEFT_OUT = Ending(gives=lambda page: not page and page.left_out == 1)

CREATES = ("create", "create_from_template")
WRITES = (*CREATES, "update")
READS = ("read", "list", "lists", "find_by_correlation_id", "by_sys_ids", "whoami", "change_templates")
TOKENS = ("redeem", "refresh", "request_token")


def row(table: Ending, tokens: Ending, revoke: Ending, **others: Ending) -> dict[str, Ending]:
    """The endings of one fault for every call; `others` name the calls that differ from those of their kind."""
    endings = (
        dict.fromkeys((*WRITES, *READS, "get"), table) | dict.fromkeys(TOKENS, tokens) | {"revoke": revoke}
    )
    return {**endings, **others}


def same(
    error: type[ServiceNowError], ending: Callable[[type[ServiceNowError]], Ending]
) -> dict[str, Ending]:
    """A fault that means the same to every call, of which a token call says that there is no token."""
    return row(ending(error), no_token(error), ending(error))


# What hides records from reading hides neither what was just made nor templates, nor the columns of a table.
UNHIDDEN = {**dict.fromkeys((*CREATES, "change_templates", "get"), WELL), "update": never(errors.NotFound)}
MATRIX: dict[str, dict[str, Ending]] = {
    "latency": row(WELL, WELL, DONE),
    "response_time": row(WELL, WELL, DONE),
    "rate_limit": same(errors.RateLimited, later),
    "rate_limit_bare": same(errors.RateLimited, unknown),
    "server_error": same(errors.ServerError, unknown),
    "bad_gateway_html": same(errors.ServerError, unknown),
    "reset": same(errors.NoAnswer, unknown),
    "lose_answer": same(errors.NoAnswer, unknown),
    "late_commit": same(errors.NoAnswer, unknown),
    "commit_then_500": same(errors.ServerError, unknown),
    "refused_by_a_proxy": same(errors.Unreadable, unknown),
    "blocked_by_a_proxy": same(errors.Unreadable, unknown),
    "unauthorized_by_a_proxy": row(
        unknown(errors.NotAuthenticated), never(errors.TokenRefused), unknown(errors.NotAuthenticated)
    ),
    "limited_by_a_proxy": same(errors.RateLimited, unknown),
    "cancelled": row(unknown(errors.ServerError), never(errors.TokenRefused), unknown(errors.ServerError)),
    "refused_in_other_words": same(errors.Forbidden, doubted),
    # A code works once.
    "repeated": row(WELL, WELL, DONE, redeem=never(errors.TokenRefused)),
    "hibernating": same(errors.Hibernating, unknown),
    "hibernating_redirect": same(errors.Hibernating, unknown),
    "maintenance": same(errors.Maintenance, unknown),
    "login_page": same(errors.LoginPage, unknown),
    # A yes to a revocation has no body of which half could be missing.
    "truncated": row(unknown(errors.Unreadable), no_token(errors.Unreadable), DONE),
    # A request inside a batch that breaks off takes the connection of the batch along before anything was answered.
    "cut_off": row(
        unknown(errors.Unreadable), no_token(errors.Unreadable), DONE, lists=unknown(errors.NoAnswer)
    ),
    "partial_result": row(unknown(errors.ServerError), no_token(errors.ServerError), DONE),
    "accepted_202": same(errors.Unreadable, unknown),
    "unauthorized": row(
        later(errors.NotAuthenticated), never(errors.TokenRefused), later(errors.NotAuthenticated)
    ),
    "forbidden": same(errors.Forbidden, never),
    "business_rule_abort": same(errors.Forbidden, never),
    "data_policy": same(errors.Forbidden, never),
    "acl_hidden": row(NOTHING, WELL, DONE, **UNHIDDEN),
    "read_lag": row(NOTHING, WELL, DONE, **UNHIDDEN),
    "wrong_date": row(WELL, WELL, DONE),
    # Of a look-up by our key, the row may be the one that was looked for.
    "row_is_no_record": row(
        WELL,
        WELL,
        DONE,
        list=LEFT_OUT,
        lists=NOTHING,
        by_sys_ids=LEFT_OUT,
        whoami=NOTHING,
        find_by_correlation_id=unknown(errors.Unreadable),
    ),
    "row_without_sys_id": row(WELL, WELL, DONE, by_sys_ids=LEFT_OUT),
}


@dataclass(frozen=True)
class Calls:
    """Every call of the client by name, ready to be made."""

    sandbox: SandboxProcess
    sys_id: str
    tokens: Tokens
    code: str
    verifier: str

    @property
    def transport(self) -> Transport:
        return Transport(self.sandbox.url, lambda: ["127.0.0.1"], Timeouts())

    def make(self, name: str) -> Any:
        """Make a call, wherever it goes."""
        return getattr(self, name)() if name in (*TOKENS, "revoke") else self._table(name)

    def _table(self, name: str) -> Any:
        client = Client(self.transport, Bearer(self.tokens.access_token, lambda refused: refused))
        arguments: dict[str, tuple[Any, ...]] = {
            "create": ("incident", {"short_description": "Made"}),
            "update": ("incident", self.sys_id, {"short_description": "Changed"}),
            "read": ("incident", self.sys_id, FIELDS),
            "list": ("incident", f"correlation_id={KEY}", FIELDS, 5),
            "lists": ([Listing("incident", f"correlation_id={KEY}", FIELDS, 5)] * 2,),
            "find_by_correlation_id": ("incident", KEY, FIELDS),
            "by_sys_ids": ("incident", [self.sys_id], FIELDS),
            "whoami": (),
            "get": ("/api/now/ui/meta/incident", {}),
            "create_from_template": (TEMPLATE, {"short_description": "Made"}),
            "change_templates": (5,),
        }
        value = getattr(client, name)(*arguments[name])
        return [record for page in value for record in page.records] if name == "lists" else value

    def redeem(self) -> Any:
        return oauth.redeem(self.transport, OAUTH_CLIENT, self.code, self.verifier, self.sandbox.callback)

    def refresh(self) -> Any:
        return oauth.refresh(self.transport, OAUTH_CLIENT, self.tokens.refresh_token)

    def request_token(self) -> Any:
        return oauth.request_token(self.transport, OAUTH_CLIENT)

    def revoke(self) -> Any:
        return oauth.revoke(self.transport, self.tokens.access_token)


OAUTH_CLIENT = OAuthClient(*CLIENT)


@pytest.fixture
def calls(sandbox: SandboxProcess) -> Iterator[Calls]:
    """A signed-in user, a record that exists, and an authorisation code that was not redeemed yet."""
    way = Transport(sandbox.url, lambda: ["127.0.0.1"], Timeouts())
    row = sandbox.create("incident", short_description="There", correlation_id=KEY)
    attempt, code = authorized(sandbox)
    tokens = oauth.redeem(way, OAUTH_CLIENT, code, attempt.verifier, sandbox.callback)
    attempt, code = authorized(sandbox)
    sandbox.clear()
    yield Calls(sandbox, row["sys_id"], tokens, code, attempt.verifier)
    sandbox.clear()


def authorized(sandbox: SandboxProcess) -> tuple[oauth.Attempt, str]:
    attempt = oauth.begin(sandbox.url, OAUTH_CLIENT, sandbox.callback)
    return attempt, sandbox.consent(attempt.address).split("code=")[1].split("&")[0]


def cases() -> Iterator[Any]:
    for kind, endings in MATRIX.items():
        for call, ending in endings.items():
            yield pytest.param(kind, call, ending, id=f"{kind}-{call}")


@pytest.mark.parametrize(("kind", "call", "ending"), list(cases()))
def test_each_fault_of_each_call_is_the_error_that_says_what_to_do_next(
    calls: Calls, kind: str, call: str, ending: Ending
) -> None:
    # As often as one call may ask: twice, because the client renews its token once when it is told 401; and
    # two lists are a batch, each of them inside it, and each of them by itself where the batch was no good.
    times = 5 if call == "lists" else 2
    calls.sandbox.fault(
        kind, route="any", method="any", times=times, seconds=60 if kind == "read_lag" else 0.05
    )
    if ending.error is None:
        assert ending.gives(calls.make(call))
        return
    with pytest.raises(ServiceNowError) as caught:
        calls.make(call)
    error = caught.value
    assert type(error) is ending.error
    assert (error.retryable, error.outcome_unknown) == (ending.retryable, ending.outcome_unknown)
    assert error.code == ending.code
    assert leaks_of(error) == []


def test_every_fault_the_sandbox_knows_has_a_row_with_every_call() -> None:
    assert set(MATRIX) == KINDS
    promised = {name for name in vars(Client) if not name.startswith("_")} - {
        "origin",
        "batches",
        "usable",
        "leave_out",
    }
    assert all(set(endings) - {*TOKENS, "revoke"} == promised for endings in MATRIX.values())


# Whether the instance had done it when the call ended badly; `outcome_unknown` must hold wherever it had.
DONE_ALL_THE_SAME = {
    "lose_answer",
    "late_commit",
    "commit_then_500",
    "truncated",
    "cut_off",
    "partial_result",
    "refused_by_a_proxy",
    "unauthorized_by_a_proxy",
    "limited_by_a_proxy",
    "cancelled",
}


@pytest.mark.parametrize("call", CREATES)
@pytest.mark.parametrize("kind", sorted(kind for kind in KINDS if MATRIX[kind]["create"].error is not None))
def test_a_record_that_exists_after_an_error_was_called_possible(calls: Calls, kind: str, call: str) -> None:
    calls.sandbox.fault(kind, route="any", method="POST", times=2, seconds=0)
    with pytest.raises(ServiceNowError) as caught:
        calls.make(call)
    made = len(calls.sandbox.records("incident")) + len(calls.sandbox.records("change_request")) - 1
    assert made == (kind in DONE_ALL_THE_SAME)
    assert caught.value.outcome_unknown or not made


def test_a_rate_limit_says_how_long_to_wait(calls: Calls) -> None:
    calls.sandbox.fault("rate_limit", seconds=7)
    with pytest.raises(errors.RateLimited) as caught:
        calls.make("create")
    assert caught.value.retry_after == timedelta(seconds=7)


def test_an_answer_later_than_the_limit_is_none(calls: Calls) -> None:
    calls.sandbox.fault("latency", seconds=30)
    way = Transport(calls.sandbox.url, lambda: ["127.0.0.1"], Timeouts(connect=5, read=0.2, total=5))
    client = Client(way, Bearer(calls.tokens.access_token, lambda refused: refused))
    with pytest.raises(errors.NoAnswer):
        client.create("incident", {})
