"""The checks of a connection, by what a sandbox of each kind lets its integration user do."""

import pytest
from django.utils import timezone

from connector.health import check_texts, checks, upkeep
from connector.health.check_texts import Verdict
from connector.health.tables import TABLES
from connector.models import Connection, Instance
from connector.servicenow import trial
from connector.servicenow.errors import ServiceNowError
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def check(connection: Connection, *, make_records: bool = False) -> dict[str, str]:
    """Make the checks; what each found."""
    checks.run(connection, now=timezone.now(), make_records=make_records)
    return dict(connection.check_results.values_list("name", "finding"))


def test_every_check_has_a_title_and_every_finding_a_meaning() -> None:
    assert set(checks.PROBES) | {"status_table"} == set(check_texts.TITLES) == set(check_texts.FINDINGS)
    for name, known in check_texts.FINDINGS.items():
        for finding in known.values():
            assert str(finding.evidence), name
            assert finding.remedy or finding.verdict == Verdict.PASSED, name


def test_checks_read_and_leave_nothing_behind(connection: Connection, sandbox: SandboxProcess) -> None:
    sandbox.create("incident", short_description="x")
    sandbox.clear()
    found = check(connection)
    assert found["instance"] == "answers"
    assert found["user"] == "known"
    assert (found["incident"], found["change_request"]) == ("readable", "empty")
    assert (found["sys_id"], found["correlation_id"]) == ("untried", "untried")
    assert (found["labels"], found["clock"], found["ranges"]) == ("sys_choice", "close", "allowed")
    assert found["mandatory"] == "hidden"
    assert {call["method"] for call in sandbox.requests()["requests"] if "/table/" in call["path"]} == {"GET"}
    assert len(sandbox.records("incident")) == 1
    assert Instance.objects.get().range_queries_allowed is True


@pytest.mark.parametrize("denial", ["ignored", "forbidden"])
def test_refused_range_queries_are_found_out_however_they_are_refused(
    connection: Connection, sandbox: SandboxProcess, denial: str
) -> None:
    for title in ("one", "two"):
        sandbox.create("incident", short_description=title)
    sandbox.settings(range_queries_allowed=False, query_denial=denial)
    assert check(connection)["ranges"] == "refused"
    assert Instance.objects.get().range_queries_allowed is False


def test_the_trial_leaves_one_canceled_and_labelled_record_per_table(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    found = check(connection, make_records=True)
    assert (found["incident"], found["change_request"]) == ("worked", "worked")
    assert (found["sys_id"], found["correlation_id"]) == ("kept", "kept")
    for table, known in TABLES.items():
        [record] = sandbox.records(table)
        assert (record["state"], record["active"]) == (known.canceled, "false")
        assert (record["short_description"], record["correlation_display"]) == (trial.TITLE, trial.DISPLAY)
    assert Instance.objects.get().honours_sys_id is True
    # What the trial found out stays known in rounds without one.
    again = check(connection)
    assert (again["sys_id"], again["correlation_id"]) == ("kept", "kept")
    assert len(sandbox.records("incident")) == 1


def test_an_instance_that_chooses_keys_itself_is_found_out(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    sandbox.settings(honour_sys_id=False, unwritable_fields="correlation_id")
    found = check(connection, make_records=True)
    assert (found["sys_id"], found["correlation_id"]) == ("replaced", "lost")
    assert Instance.objects.get().honours_sys_id is False


@pytest.mark.parametrize(
    ("table", "fields", "expected"),
    [
        ("shown", "", "table"),
        ("empty", "", "record"),
        ("forbidden", "", "record"),
        ("empty", "work_notes,comments", "hidden"),
        ("forbidden", "work_notes,comments", "hidden"),
    ],
)
def test_the_trial_says_by_which_way_notes_can_be_read(
    connection: Connection, sandbox: SandboxProcess, table: str, fields: str, expected: str
) -> None:
    sandbox.settings(journal_table=table, unreadable_fields=fields)
    assert check(connection)["journals"] == "untried"
    assert check(connection, make_records=True)["journals"] == expected
    assert check(connection)["journals"] == expected


@pytest.mark.parametrize(("table", "expected"), [("shown", "table"), ("empty", "record")])
def test_notes_that_are_there_say_by_which_way_they_can_be_read(
    connection: Connection, sandbox: SandboxProcess, table: str, expected: str
) -> None:
    sandbox.settings(journal_table=table)
    sandbox.create("incident", short_description="x", work_notes="Looking into it.")
    assert check(connection)["journals"] == expected


def test_roles_that_do_not_show_are_not_called_refused(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    assert check(connection)["roles"] == "hidden"
    sandbox.fault("acl_hidden", method="GET", about="/table/sys_user?", times=9)
    assert check(connection)["roles"] == "unknown_user"


@pytest.mark.parametrize("fault", ["lose_answer", "commit_then_500"])
def test_a_trial_whose_answer_is_lost_is_looked_up_and_not_repeated(
    connection: Connection, sandbox: SandboxProcess, fault: str
) -> None:
    sandbox.fault(fault, times=1)
    found = check(connection, make_records=True)
    assert found["change_request"] == "worked"
    assert len(sandbox.records("change_request")) == 1


def test_a_refused_trial_says_why(connection: Connection, sandbox: SandboxProcess) -> None:
    sandbox.fault("forbidden", times=1)
    assert check(connection, make_records=True)["change_request"] == "forbidden"
    [line] = [
        line for line in check_texts.lines(connection.check_results.all()) if line.name == "change_request"
    ]
    assert line.verdict == Verdict.ATTENTION
    assert "itil" in line.remedy


def test_an_instance_that_stops_answering_keeps_what_was_found_before(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    before = check(connection)
    sandbox.fault("hibernating", method="any", times=1)
    with pytest.raises(ServiceNowError):
        check(connection)
    after = dict(connection.check_results.values_list("name", "finding"))
    assert after.pop("instance") == "hibernating"
    before.pop("instance")
    assert after == before
    assert "developer.servicenow.com" in check_texts.lines(connection.check_results.all())[0].remedy


def test_the_daily_round_says_what_it_could_not_do(connection: Connection, sandbox: SandboxProcess) -> None:
    assert upkeep.look_after(timezone.now())
    sandbox.stop()
    assert not upkeep.look_after(timezone.now())
    assert connection.check_results.get(name="instance").finding == "unreachable"
    Connection.objects.update(status=Connection.Status.NEEDS_REAUTHORIZATION)
    assert not upkeep.look_after(timezone.now())
