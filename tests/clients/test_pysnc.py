"""PySNC 1.2 over TLS, as a black box."""

import pytest

from tests.clients.conftest import RECORDS, Errand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_pages_hold_every_record_once_and_in_order(pysnc: Errand) -> None:
    paged = pysnc("paging")
    assert paged["total"] == RECORDS == len(set(paged["numbers"]))
    assert paged["numbers"] == sorted(paged["numbers"], reverse=True)


def test_a_record_is_found_by_field_and_by_id(pysnc: Errand) -> None:
    assert pysnc("get") == [True, True, "wanted", False]


def test_an_inserted_record_comes_back_with_what_the_instance_added(pysnc: Errand) -> None:
    made = pysnc("insert")
    assert len(made["sys_id"]) == 32
    assert made["number"].startswith("INC")
    assert (made["priority"], made["sys_class_name"]) == ("2", "incident")


def test_a_chosen_id_is_honoured_and_taken_once(pysnc: Errand) -> None:
    given, refusal = pysnc("insert_with_chosen_id")
    assert given in {"aaaabbbbccccddddeeeeffff00000001", "aaaabbbbccccddddeeeeffff00000003"}
    assert "Unique Key violation" in refusal


def test_an_update_changes_what_changed(pysnc: Errand) -> None:
    assert pysnc("update") == ["after", "1"]


def test_a_deleted_record_is_gone(pysnc: Errand) -> None:
    assert pysnc("delete") == [True, False]


def test_a_work_note_is_read_raw_and_as_people_see_it(pysnc: Errand) -> None:
    noted = pysnc("journals")
    assert noted["raw"] == [["work_notes", "seen by PySNC"]]
    assert noted["value"] == ""
    assert noted["shown"].endswith("System Administrator (Work notes)\nseen by PySNC\n\n")


def test_values_come_with_their_labels(pysnc: Errand) -> None:
    shown = pysnc("display_values")
    assert shown["priority"] == ["1", "1 - Critical"]
    assert shown["state"] == ["1", "New"]
    assert shown["opened_by"][1] == "System Administrator"
    assert shown["active"] == ["true", "true"]


def test_fields_behind_references_can_be_asked_for(pysnc: Errand) -> None:
    assert pysnc("dot_walk") == "admin"


def test_files_are_attached_listed_read_and_removed(pysnc: Errand) -> None:
    files = pysnc("attachments")
    assert "/api/now/v1/attachment/" in files["location"]
    assert files["names"] == ["notes.txt"]
    assert files["lines"] == [["first", "second"]]
    assert files["left"] == 0


def test_many_records_are_changed_and_deleted_in_one_batch(pysnc: Errand) -> None:
    assert pysnc("batch") == {"updated": True, "urgencies": ["1", "1", "1"], "deleted": True}


def test_a_query_too_long_for_an_address_goes_by_batch(pysnc: Errand) -> None:
    wanted, found = pysnc("long_query")
    assert found == [wanted]


def test_refusals_become_the_errors_that_they_are(pysnc: Errand) -> None:
    outcome = pysnc("errors")
    assert outcome["table"].startswith("RequestException")
    assert "Invalid table no_such_table" in outcome["table"]
    assert outcome["password"].startswith("AuthenticationException")
    assert outcome["rights"].startswith("RoleException")
    assert "ACL Exception Delete Failed due to security constraints" in outcome["rights"]


def test_a_part_of_a_query_that_makes_no_sense_is_ignored(pysnc: Errand) -> None:
    assert pysnc("invalid_part_is_ignored") == 1


@pytest.mark.parametrize("grant", ["password_grant", "client_credentials"])
def test_oauth_grants_work_as_the_integration_user(pysnc_tokens: Errand, grant: str) -> None:
    assert pysnc_tokens(grant) == "Microsoft 365 Integration"


def test_a_wrong_secret_is_an_authentication_error(pysnc_tokens: Errand) -> None:
    assert "access_denied" in pysnc_tokens("refused_grant")


def test_a_wrong_password_for_a_token_is_told_as_the_instance_says_it(pysnc_tokens: Errand) -> None:
    assert pysnc_tokens("refused_password") == "(server_error) access_denied"
