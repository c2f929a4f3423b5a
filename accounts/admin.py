from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Field, ManyToManyField, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import form_drafts, guards, people, recent_sign_in
from accounts.admin_forms import NewPersonForm, PersonForm, RoleField, SetPasswordForm, language_field
from accounts.form_drafts_admin import KeptAdmin
from accounts.models import AuditEntry, User
from accounts.notices import NoticeType
from accounts.read_only import ReadOnlyAdmin
from accounts.roles import role_label

# Which fields of a person decide who lets them in, and what they are told.
_TOLD = {
    "email": NoticeType.EMAIL,
    "username": NoticeType.USERNAME,
    "tenant_id": NoticeType.IDENTITY,
    "object_id": NoticeType.IDENTITY,
}

admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin):
    """Roles are code (accounts/roles.py): a change here would last until the next migration."""

    list_display = ("role",)
    search_fields = ("name",)

    @admin.display(description=_("Role"), ordering="name")
    def role(self, group: Group) -> str:
        """The name, in the reader's language too."""
        return role_label(group.name)


class RoleFilter(admin.RelatedFieldListFilter):
    """Narrow people to those with a role."""

    def field_choices(self, *args: Any) -> Any:
        """The roles, in the reader's language too."""
        return [(key, role_label(str(name))) for key, name in super().field_choices(*args)]


@admin.register(User)
class UserAdmin(KeptAdmin, DjangoUserAdmin):
    """People: their roles, and what ends their access. Every change is in the audit log."""

    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Personal info"), {"fields": ("first_name", "last_name", "email", "language")}),
        (_("Role"), {"fields": ("groups", "is_active", "is_staff", "is_superuser")}),
        (_("Microsoft Entra"), {"fields": ("tenant_id", "object_id")}),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    # The role opens the administration; the actions of the list deactivate, so that sessions end with it.
    readonly_fields = ("is_active", "is_staff", "is_superuser", "last_login", "date_joined")
    form = PersonForm
    add_form = NewPersonForm
    change_password_form = SetPasswordForm
    list_display = ("username", "full_name", "email", "roles", "last_login", "is_active")
    list_filter = ("is_active", ("groups", RoleFilter), "last_login")
    search_fields = ("username", "first_name", "last_name", "email", "object_id")
    filter_horizontal = ()
    actions = ("deactivate", "reactivate", "sign_out_everywhere")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Bring the groups along, for the list."""
        found: QuerySet[User] = super().get_queryset(request).prefetch_related("groups")
        return found

    @admin.display(description=_("Role"))
    def roles(self, person: User) -> str:
        """The groups."""
        return ", ".join(role_label(group.name) for group in person.groups.all())

    @admin.display(description=_("Name"), ordering="last_name")
    def full_name(self, person: User) -> str:
        """First and last name."""
        return person.get_full_name()

    def formfield_for_dbfield(self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the languages there are."""
        if db_field.name == "language":
            return language_field()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_manytomany(
        self, db_field: "ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer the roles in the reader's language too."""
        if db_field.name == "groups":
            kwargs["form_class"] = RoleField
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: whoever leaves is deactivated, and stays in the audit log."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only whoever nothing speaks against."""
        if obj is not None and guards.why_not_change(obj, _actor(request)):
            return False
        allowed: bool = super().has_change_permission(request, obj)
        return allowed

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Somebody's own roles are given and taken by another administrator."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "groups") if obj and guards.why_not_roles(obj, _actor(request)) else fields

    def view_on_site(self, obj: User) -> str:
        """The person's page in the portal."""
        return obj.get_absolute_url()

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Add or change a person: a recent sign-in is needed for saving, and what was typed waits for it."""
        if request.method == "POST" and recent_sign_in.is_missing(request):
            # Views are looked at for their mark, which both of a person's forms carry.
            form_drafts.keep(
                request, self.change_view, str(request.user.pk), timezone.now(), until_confirmed=True
            )
            return recent_sign_in.ask(request.get_full_path())
        return super().changeform_view(request, *args, **kwargs)

    def user_change_password(  # Called by these names.
        self,
        request: HttpRequest,
        id: str,  # noqa: A002
        form_url: str = "",
    ) -> HttpResponse:
        """Set somebody's password. One's own is changed on its own page, which asks for the old one."""
        person = self.get_object(request, unquote(id))
        if _is_oneself(request, person):
            return redirect("accounts:password")
        if recent_sign_in.is_missing(request):
            return recent_sign_in.ask(request.get_full_path())
        page: HttpResponse = super().user_change_password(request, id, form_url)
        if person and User.objects.exclude(password=person.password).filter(pk=person.pk).exists():
            people.tell(person, NoticeType.PASSWORD, by=_actor(request))
        return page

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Save a person, and tell them what of it decides who lets them in."""
        super().save_model(request, obj, form, change)
        for what in {_TOLD[field] for field in form.changed_data if field in _TOLD} if change else ():
            addresses = {form.initial.get("email", ""), obj.email} if what == NoticeType.EMAIL else None
            people.tell(obj, what, by=_actor(request), addresses=addresses)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        """Save the roles, and note who changed them to what."""
        before = people.roles_of(form.instance)
        super().save_related(request, form, formsets, change)
        people.roles_were_changed(form.instance, before, by=_actor(request))

    def log_addition(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Note whom somebody added."""
        people.was_added(obj, by=_actor(request))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Note which fields somebody changed, the password included, without their values."""
        AuditEntry.objects.record(
            actor=_actor(request), verb="person.changed", target=obj.username, message=message
        )
        return super().log_change(request, obj, message)

    @admin.action(description=_("Deactivate: sign out and let in no more"), permissions=["change"])
    def deactivate(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Let people in no more."""
        done = self._each(request, chosen, people.deactivate)
        said = ngettext("%(count)d person was deactivated.", "%(count)d people were deactivated.", done)
        messages.success(request, said % {"count": done})

    @admin.action(description=_("Let in again"), permissions=["change"])
    def reactivate(self, request: HttpRequest, chosen: QuerySet[User]) -> HttpResponse | None:
        """Let people in again."""
        if recent_sign_in.is_missing(request):
            return recent_sign_in.ask(request.get_full_path())
        done = self._each(request, chosen, people.reactivate)
        said = ngettext("%(count)d person may sign in again.", "%(count)d people may sign in again.", done)
        messages.success(request, said % {"count": done})
        return None

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """End all their sessions."""
        done = self._each(request, chosen, people.sign_out_everywhere)
        said = ngettext("%(count)d person was signed out.", "%(count)d people were signed out.", done)
        messages.success(request, said % {"count": done})

    def _each(self, request: HttpRequest, chosen: QuerySet[User], deed: Callable[..., bool]) -> int:
        """Do something to each; say of whom it was refused, and why. Returns to how many it was done."""
        done = 0
        for person in chosen:
            try:
                done += deed(person, by=_actor(request))
            except guards.Refused as refusal:
                messages.warning(request, f"{person}: {refusal}")
        return done


def _is_oneself(request: HttpRequest, person: User | None) -> bool:
    return person is not None and person.pk == request.user.pk


def _actor(request: HttpRequest) -> User:
    return cast(User, request.user)  # The administration lets in nobody else.
