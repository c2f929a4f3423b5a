"""Who may see a view: every view says so itself, and a system check (portal/checks.py) refuses one that does not."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from django.contrib.auth.decorators import permission_required as django_permission_required
from django.http import HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def permission_required(*permissions: str) -> Callable[[View], View]:
    """Let in whoever holds all of these; answer 403 to others. Notes on the view what it asks for."""

    def guard(view: View) -> View:
        return _declare(django_permission_required(permissions, raise_exception=True)(view), permissions)

    return guard


def anyone_signed_in(view: View) -> View:
    """Let in whoever is signed in, whatever their role. The middleware asks for the sign-in itself."""
    return _declare(view, ())


def _declare(view: View, permissions: tuple[str, ...]) -> View:
    # Decorators further out keep it: functools.wraps copies attributes.
    view.__dict__["access"] = permissions
    return view


class Address(NamedTuple):
    """One pattern of the URL configuration. `name` carries its namespaces, as `reverse` takes it."""

    name: str
    route: str
    view: Callable[..., Any]

    @property
    def access(self) -> tuple[str, ...] | None:
        """The permissions that its view asks for; None where it declared nothing."""
        found: tuple[str, ...] | None = getattr(self.view, "access", None)
        return found

    @property
    def is_public(self) -> bool:
        """Whether it needs no sign-in."""
        return not getattr(self.view, "login_required", True)

    @property
    def is_administration(self) -> bool:
        """Whether Django's admin serves it, which lets in staff and asks for each model's permissions itself."""
        return self.name.startswith("admin:")


def every_address(resolver: URLResolver | None = None) -> Iterator[Address]:
    """Walk the URL configuration (the portal's own unless told otherwise), included ones too."""
    return _walk((resolver or get_resolver()).url_patterns, "", "")


def _walk(patterns: "list[URLPattern | URLResolver]", namespace: str, route: str) -> Iterator[Address]:
    for pattern in patterns:
        here = f"{route}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, inner, here)
        else:
            yield Address(f"{namespace}{pattern.name or ''}", here, pattern.callback)
