"""Every field to type in knows how long its text may be, and finds out before it does anything with it."""

import contextlib
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.test import RequestFactory

from accounts.models import User
from tests.input.growth import LARGEST, check_growth, repeated

# What forms want to know before they are shown; those that want more have no fields that change with it.
GIVEN: list[tuple[tuple[User, ...], dict[str, Any]]] = [
    ((), {}), ((), {"origin": None}), ((User(),), {}), ((User(),), {"origin": None}),
]  # fmt: skip
OURS = ("accounts", "connector", "scorecard", "tickets")
WORST = {
    "marks": repeated("\u0315\u0300"),
    "blanks": repeated(" ", "x"),
    "digits": repeated("9"),
    "dots": repeated(".0"),
    "commas": repeated("a,"),
    "at signs": repeated("a@"),
}


def typed(fields: dict[str, forms.Field]) -> Iterator[tuple[str, forms.CharField]]:
    """The fields whose length nothing but themselves limits."""
    for name, field in fields.items():
        if isinstance(field, forms.CharField):
            yield name, field


def of_modules() -> Iterator[tuple[str, type[forms.BaseForm]]]:
    """Every form that a module of ours defines."""
    for app in apps.get_app_configs():
        if app.name in OURS and app.module:
            for module in _modules_in(app.name, Path(app.path)):
                for name, found in vars(import_module(module)).items():
                    if getattr(found, "__module__", "").startswith(app.name) and _is_form(found):
                        yield f"{app.name}.{name}", found


def _modules_in(app: str, folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.py")):
        inner = path.relative_to(folder).with_suffix("").parts
        if path.stem != "__init__" and "migrations" not in inner:
            yield ".".join([app, *inner])


def _is_form(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, forms.BaseForm)


def request_of_an_administrator() -> HttpRequest:
    request = RequestFactory().get("/admin/")
    request.user = User(username="admin", is_active=True, is_staff=True, is_superuser=True)
    return request


def of_administration() -> Iterator[tuple[str, type[forms.BaseForm]]]:
    """Every form of the administration: to add, to change, to set a password, to search."""
    request = request_of_an_administrator()
    for model, model_admin in admin.site._registry.items():
        name = model._meta.label
        if model_admin.has_add_permission(request):
            yield f"{name}, new", model_admin.get_form(request)
        if model_admin.has_change_permission(request):
            yield f"{name}, changed", model_admin.get_form(request, model(), change=True)
        yield f"{name}, search", model_admin.get_changelist(request).search_form_class
        if password := getattr(model_admin, "change_password_form", None):
            yield f"{name}, password", password


def all_fields() -> Iterator[tuple[str, forms.CharField]]:
    for name, form in (*of_modules(), *of_administration()):
        for field_name, field in typed(_fields(form)):
            yield f"{name}: {field_name}", field


def _fields(form: Any) -> Any:
    """The fields of a form as they are when it is shown: some are changed only then."""
    for given in GIVEN:
        with contextlib.suppress(TypeError, KeyError, AttributeError):
            return form(*given[0], **given[1]).fields
    return form.base_fields


@pytest.mark.django_db
def test_every_field_to_type_in_refuses_a_text_without_end() -> None:
    fields = dict(all_fields())
    assert "accounts.SignInForm: username" in fields
    assert [name for name, field in fields.items() if _takes(field, "a" * LARGEST)] == []


def _takes(field: forms.Field, text: str) -> bool:
    try:
        field.clean(text)
    except forms.ValidationError:
        return False
    return True


@pytest.mark.django_db
@pytest.mark.parametrize("name", WORST)
def test_no_field_looks_at_a_text_that_is_too_long(name: str) -> None:
    for _name, field in all_fields():
        check_growth(partial(_takes, field), WORST[name])
