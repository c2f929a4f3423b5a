"""The forms of the pages about people."""

import secrets
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Coalesce, Concat, Lower, NullIf, Trim
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.admin_forms import NewPersonForm, language_field
from accounts.forms import password_rules
from accounts.handover import who_may_take_over
from accounts.lengths import SEARCH_LENGTH
from accounts.models import User
from accounts.roles import ROLES, role_label, role_meaning

BY_NAME = Lower(Coalesce(NullIf(Trim(Concat("first_name", Value(" "), "last_name")), Value("")), "username"))
# Whoever never signed in has been away the longest.
_FIRST = {
    "signed_in": (F("last_login").desc(nulls_last=True),),
    "away": (F("last_login").asc(nulls_first=True),),
}
NOBODY = "nobody"


class PeopleFilter(forms.Form):
    """Whom to show. Comes by GET; what it does not understand it ignores."""

    q = forms.CharField(label=_("Search"), required=False, max_length=SEARCH_LENGTH, widget=forms.SearchInput)
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[
            ("", pgettext_lazy("people", "Active")),
            ("deactivated", pgettext_lazy("people", "Deactivated")),
            ("all", pgettext_lazy("filter", "All")),
        ],
    )
    role = forms.ChoiceField(label=_("Role"), required=False)
    sort = forms.ChoiceField(
        label=_("Sort by"),
        required=False,
        choices=[
            ("", _("Name")),
            ("signed_in", _("Last sign-in, newest first")),
            ("away", _("Last sign-in, oldest first")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields["role"]
        if isinstance(role, forms.ChoiceField):
            roles = [(name, role_label(name)) for name in ROLES]
            role.choices = [("", pgettext_lazy("filter", "All")), *roles, (NOBODY, _("No role"))]

    @property
    def is_filtering(self) -> bool:
        """Whether other people are shown than those of the plain list."""
        return any(value for name, value in self._values().items() if name != "sort")

    def select(self) -> QuerySet[User]:
        """Return the people asked for, in the order asked for."""
        values = self._values()
        found = _search(values.get("q", ""))
        if values.get("status") != "all":
            found = found.filter(is_active=not values.get("status"))
        if role := values.get("role"):
            found = found.filter(groups=None) if role == NOBODY else found.filter(groups__name=role)
        return found.order_by(*_FIRST.get(values.get("sort", ""), ()), BY_NAME, "username")

    def _values(self) -> dict[str, Any]:
        self.full_clean()
        return getattr(self, "cleaned_data", {})


def _search(text: str) -> QuerySet[User]:
    """Those that have every word of a text in their names or address."""
    space = Value(" ")
    found = User.objects.alias(
        names=Concat(
            "username", space, "first_name", space, "last_name", space, "email", output_field=CharField()
        )
    )
    for word in text.split():
        found = found.filter(names__icontains=word)
    return found


def role_field() -> forms.ChoiceField:
    """One of the roles, with what it means, or none."""
    field = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)
    field.choices = [
        *((name, _explained(role_label(name), role_meaning(name))) for name in ROLES),
        (NOBODY, _explained(str(_("No role")), str(_("May sign in and sees nothing.")))),
    ]
    return field


def _explained(label: str, meaning: str) -> SafeString:
    return format_html('<span>{}<span class="field__hint">{}</span></span>', label, meaning)


class RoleForm(forms.Form):
    """The one role that a person shall have."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = role_field()

    @property
    def roles(self) -> list[str]:
        """The names of the groups that were chosen."""
        return [] if self.cleaned_data["role"] == NOBODY else [self.cleaned_data["role"]]


class AddForm(RoleForm, NewPersonForm):
    """A new person: as Django's admin has it, with all that makes the person known, and a role at once."""

    class Meta(NewPersonForm.Meta):
        model = User
        fields = ("username", "first_name", "last_name", "email", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("User name")
        self.fields["language"] = language_field()
        self.fields["password1"].help_text = password_rules()
        how = self.fields.pop("usable_password")
        if settings.HAS_MAIL_SERVER and isinstance(how, forms.ChoiceField):
            how.label, how.help_text, how.initial = _("First password"), "", "false"
            how.choices = [
                ("false", _("Send an email with a link to choose one")),
                ("true", _("Set one here, and tell it to the person")),
            ]
            how.widget = forms.RadioSelect(choices=how.choices)
            self.fields["usable_password"] = how
            self.fields["usable_password"].required = True
        self.order_fields([*self.Meta.fields, "role", "usable_password", "password1", "password2"])

    @property
    def sends_link(self) -> bool:
        """Whether the person gets a link in place of a password."""
        return not self.cleaned_data["set_usable_password"]

    def clean(self) -> Any:
        """Ask for the address that a link goes to."""
        cleaned = super().clean()
        if self.sends_link and not self.cleaned_data.get("email") and "email" not in self.errors:
            self.add_error("email", _("Enter the address that the link is to be sent to."))
        return cleaned

    def set_password_and_save(self, user: User, commit: bool = True, **kwargs: Any) -> User:
        """Whoever gets a link has a password that nobody knows until then: "Forgot your password?" works for them."""
        if not self.sends_link:
            return super().set_password_and_save(user, commit=commit, **kwargs)
        user.set_password(secrets.token_urlsafe(32))
        if commit:
            user.save()
        return user


class SuccessorForm(forms.Form):
    """Who takes over. Nothing is chosen beforehand, and nobody is a choice."""

    successor = forms.ChoiceField(label=_("Who takes over"))

    def __init__(self, *args: Any, person: User, may_be_nobody: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(one.pk): one for one in who_may_take_over(person).order_by(BY_NAME, "username")}
        nobody = [(NOBODY, _("Nobody for now"))] if may_be_nobody else []
        choices = [(key, _in_full(one)) for key, one in self.people.items()]
        field = self.fields["successor"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", _("Choose")), *nobody, *choices]

    @property
    def chosen(self) -> User | None:
        """Who was chosen; None for nobody."""
        return self.people.get(self.cleaned_data["successor"])


def _in_full(person: User) -> str:
    name = person.get_full_name()
    return f"{name} ({person.username})" if name else person.username
