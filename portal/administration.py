from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, cast

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Administration(admin.AdminSite):
    """Django's own, which sends everybody who may not administer to sign in, even if they are signed in."""

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Let in whoever may administer; answer 403 to others."""
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied("the administration is for administrators")
            return guarded(request, *args, **kwargs)

        return cast(View, update_wrapper(inner, guarded))


class AdministrationConfig(AdminConfig):
    """Django's admin with our site in it."""

    default_site = "portal.administration.Administration"
