"""What may be chosen for a mapped field where an instance has more than a list may hold."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connector.models import Connection, Instance
from tests.factories import ChangeTemplateFactory, FieldMappingFactory
from tests.sandbox_process import SandboxProcess
from tickets.configuration.field_options import LIMIT, FieldOptions
from tickets.models.choices import Kind
from tickets.models.field_mapping import FieldMapping
from tickets.pages.mapping_forms import TemplateForm

pytestmark = [pytest.mark.django_db]
FIELDS = reverse("tickets:fields", args=[Kind.CHANGE_REQUEST])
ASKED = {"field": "assignment_group"}
MANY = FieldOptions(
    tuple((f"{n:032}", f"Template {min(n, 198)}") for n in range(LIMIT)), readable=True, is_cut=True
)


@pytest.fixture
def browser(secadmin: User, client: Client) -> Client:
    client.force_login(secadmin)
    return client


@pytest.fixture
def groups(sandbox: SandboxProcess) -> list[dict[str, str]]:
    """More groups than a list may hold; the last two are among the first ones nowhere."""
    names = [*(f"Group {n:03}" for n in range(LIMIT + 1)), "Zephyr", "Zodiac"]
    return [sandbox.create("sys_user_group", name=name, active="true") for name in names]


def chosen(browser: Client, value: str) -> list[str]:
    """Save a group and return what is wrong with it."""
    answer = browser.post(FIELDS, {**ASKED, "source": "fixed", "value": value})
    return [] if answer.status_code == 302 else answer.context["form"].errors["value"]


@pytest.mark.parametrize("may_sort", [True, False, None])
def test_any_group_is_chosen_by_its_exact_name_or_its_sys_id(
    browser: Client,
    sandbox: SandboxProcess,
    connection: Connection,
    groups: list[dict[str, str]],
    may_sort: bool | None,
) -> None:
    Instance.objects.update(range_queries_allowed=may_sort)
    sandbox.settings(range_queries_allowed=bool(may_sort), query_denial="forbidden")
    page = browser.get(FIELDS, ASKED)
    offer = page.context["form"].offer
    assert (len(offer.values), offer.is_cut) == (LIMIT, True)
    assert b"Only the first 200 are suggested." in page.content
    assert b'<option value="Group 001"></option>' in page.content
    for group in (groups[0], groups[-2], groups[-1]):
        for typed in (group["name"], group["name"].lower(), group["sys_id"]):
            assert chosen(browser, typed) == []
            mapping = FieldMapping.objects.get()
            assert (mapping.value, mapping.label) == (group["sys_id"], group["name"])


def test_sorted_where_that_is_allowed(
    browser: Client, connection: Connection, groups: list[dict[str, str]]
) -> None:
    Instance.objects.update(range_queries_allowed=True)
    labels = [label for _, label in browser.get(FIELDS, ASKED).context["form"].offer.values]
    assert (labels == sorted(labels, key=str.lower), "Zodiac" in labels) == (True, False)


def test_a_name_that_nothing_or_more_than_one_has_is_refused(
    browser: Client, sandbox: SandboxProcess, connection: Connection, groups: list[dict[str, str]]
) -> None:
    sandbox.create("sys_user_group", name="Zodiac", active="true")
    assert chosen(browser, "Zodiac") == ["More than one has this name. Type the sys_id of the one you mean."]
    for nowhere in ("Nobody", "Zephyr^ORname=Zodiac", "javascript:gs.sleep(1)"):
        assert chosen(browser, nowhere) == ["Nothing with exactly this name was found. Type its sys_id."]
    assert not FieldMapping.objects.exists()


def test_a_saved_mapping_stays_what_it_is(
    browser: Client, sandbox: SandboxProcess, connection: Connection, groups: list[dict[str, str]]
) -> None:
    Instance.objects.update(range_queries_allowed=True)
    chosen(browser, "Zodiac")
    assert b'value="Zodiac"' in browser.get(FIELDS, ASKED).content
    FieldMapping.objects.update(value="f" * 32, label="A group that is gone")
    page = browser.get(FIELDS, ASKED)
    assert page.context["form"]["value"].value() == "A group that is gone"


def test_a_saved_mapping_that_is_not_offered_any_more_is_still_the_one_chosen(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    sandbox.create("sys_user_group", name="Identity team", active="true")
    gone = "f" * 32
    FieldMappingFactory.create(
        instance=connection.instance, field="assignment_group", value=gone, label="Old team"
    )
    page = browser.get(FIELDS, ASKED).content.decode()
    assert f'<option value="{gone}" selected>Old team</option>' in page
    assert chosen(browser, gone) == []


def test_a_reference_that_may_not_be_read_is_given_by_its_sys_id(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    for typed, says in (("Identity team", ["A sys_id has 32 small letters"]), ("f" * 32, [])):
        sandbox.fault("forbidden", method="GET", times=5)
        assert [error[:29] for error in chosen(browser, typed)] == says


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("Template 7", f"{7:032}"), ("a" * 32, "a" * 32), ("", ""), ("Template 198", None), ("Template", None)],
)
def test_a_template_is_typed_by_its_name_where_it_is_suggested_and_by_its_sys_id(
    typed: str, meant: str | None
) -> None:
    form = TemplateForm({"template": typed}, offer=MANY)
    assert form.is_valid() == (meant is not None)
    assert form.cleaned_data.get("template") == meant


def test_the_template_in_use_is_shown_by_its_name() -> None:
    current = ChangeTemplateFactory.build(sys_id="a" * 32, name="Ours")
    offer = MANY.including(current.sys_id, str(current))
    assert TemplateForm(offer=offer, initial={"template": current.sys_id})["template"].value() == "Ours"


def test_where_only_this_table_may_not_be_sorted_its_records_are_offered_all_the_same(
    sandbox: SandboxProcess, connection: Connection, browser: Client
) -> None:
    Instance.objects.update(range_queries_allowed=True)
    group = sandbox.create("sys_user_group", name="Zebra", active="true")
    sandbox.fault("forbidden", method="GET", about="ORDERBYname")
    page = browser.get(FIELDS, ASKED)
    assert group["sys_id"] in page.content.decode()


def test_values_under_several_parents_are_told_apart_by_them(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    for number, (value, label, parent) in enumerate(
        [
            ("email", "Email", "software"),
            ("email", "Email", "inquiry"),
            ("disk", "Disk", "hardware"),
            ("disk_2", "Disk", "cloud"),
            ("cpu", "CPU", "hardware"),
        ]
    ):
        sandbox.create(
            "sys_choice",
            name="incident",
            element="subcategory",
            value=value,
            label=label,
            language="en",
            inactive="false",
            dependent_value=parent,
            sequence=str(number),
        )
    fields = reverse("tickets:fields", args=[Kind.INCIDENT])
    values = browser.get(fields, {"field": "subcategory"}).context["form"].offer.values
    assert values == (
        ("email", "Email (software, inquiry)"),
        ("disk", "Disk (hardware)"),
        ("disk_2", "Disk (cloud)"),
        ("cpu", "CPU"),
    )
