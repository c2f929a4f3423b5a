from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class PersonRequest(HttpRequest):
    """A request of somebody who is signed in, as views see it behind our middleware."""

    user: User
    htmx: HtmxDetails
