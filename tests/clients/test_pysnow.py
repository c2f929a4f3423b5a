"""pysnow 0.7 over plain HTTP, as a black box."""

import pytest

from tests.clients.conftest import RECORDS, Errand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_pages_hold_every_record_once_and_in_order(pysnow: Errand) -> None:
    numbers = pysnow("paging")
    assert len(numbers) == RECORDS == len(set(numbers))
    assert numbers == sorted(numbers, reverse=True)


def test_one_record_is_found_or_none(pysnow: Errand) -> None:
    assert pysnow("get") == ["wanted", None]


def test_an_inserted_record_comes_back_with_what_the_instance_added(pysnow: Errand) -> None:
    made = pysnow("insert")
    assert made["number"].startswith("INC")
    assert (made["priority"], made["sys_class_name"]) == ("2", "incident")


def test_a_chosen_id_is_honoured(pysnow: Errand) -> None:
    assert pysnow("insert_with_chosen_id") == "aaaabbbbccccddddeeeeffff00000002"


def test_an_update_by_put_changes_only_what_it_names(pysnow: Errand) -> None:
    assert pysnow("update") == [True, "after", "1"]


def test_a_deleted_record_is_gone(pysnow: Errand) -> None:
    assert pysnow("delete") == [{"status": "record deleted"}, None]


def test_a_work_note_reaches_the_journal(pysnow: Errand) -> None:
    assert pysnow("journals") == [["work_notes", "seen by pysnow"]]


def test_display_values_are_labels(pysnow: Errand) -> None:
    assert pysnow("display_values") == {"priority": "1 - Critical", "state": "New", "active": "true"}


def test_files_are_attached_and_listed(pysnow: Errand) -> None:
    assert pysnow("attachments") == ["notes.txt"]


def test_refusals_keep_their_status(pysnow: Errand) -> None:
    assert pysnow("errors") == {"table": 400, "password": 401}


def test_the_password_grant_works_as_the_integration_user(secure_pysnow: Errand) -> None:
    assert secure_pysnow("oauth") == "m365.integration"
