import re

import pytest

from sandbox.microsoft.catalogue import Control, controls

SCORED = [control for control in controls() if control.life is not None]


def test_ids_are_unique_whatever_their_case() -> None:
    ids = [control.id.lower() for control in controls()]
    assert len(set(ids)) == len(ids) >= 240


def test_some_profiles_are_deprecated_and_none_of_those_is_scored() -> None:
    assert sum(control.deprecated for control in controls()) >= 3
    assert not any(control.deprecated for control in SCORED)


@pytest.mark.parametrize("control", SCORED, ids=lambda control: control.id)
def test_scored_control_explains_itself(control: Control) -> None:
    assert len(control.description) > 60
    assert control.remediation.lower().count("<li>") >= 3
    assert control.impact.startswith("<p>")
    assert 0 < control.max_score <= 10


def test_every_profile_has_instructions() -> None:
    assert all(control.remediation.startswith("<p") for control in controls())


def test_some_instructions_are_as_awkward_as_microsofts() -> None:
    texts = [control.remediation for control in SCORED]
    for awkward in ("<domainname>", "style=", "target=", "<LI>"):
        assert any(awkward in text for text in texts)


def test_no_text_shows_an_escape() -> None:
    # TOML reads escapes between double quotation marks alone.
    texts = [text for one in controls() for text in (one.title, one.description, one.remediation, one.impact)]
    assert not [text for text in texts if "\\u" in text]


def test_titles_hold_no_markup() -> None:
    assert not [control.title for control in controls() if re.search(r"<[a-z]", control.title)]


def test_administrators_have_spoken_on_some_controls_in_either_case() -> None:
    states = {update.state for control in SCORED for update in control.state_updates}
    assert {"Ignored", "thirdParty", "Reviewed"} <= states
