from collections.abc import Callable
from copy import deepcopy

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse

from accounts import request_id
from accounts.client_origin import client_address

# Nothing on our pages uses these; what a page may not use, no script that got into it can.
_NOT_USED = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation",
    "gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment", "picture-in-picture",
    "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
_PERMISSIONS = ", ".join(f"{feature}=()" for feature in _NOT_USED)


class RequestIdMiddleware:
    """Gives each request an ID, that of whoever passes it on where it is short and plain, and tells it to the browser.

    What is logged after the middleware has ended belongs to the request as well: `apps` ends the trace with the answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        own_id = request_id.accepted(request.headers.get(request_id.HEADER)) or request_id.new()
        request_id.begin(own_id, client_address(request))
        response = self.get_response(request)
        response.headers[request_id.HEADER] = own_id
        return response


class HeadersMiddleware:
    """Headers that neither Django nor django-csp sets."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class PrivateAnswersMiddleware:
    """Lets no browser and no proxy keep what somebody who is signed in got to see, or got by signing in or out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Whoever brings no session is not asked for one: probes touch no database.
        was_signed_in = settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session
        response = self.get_response(request)
        is_signed_in = request.session.accessed and SESSION_KEY in request.session
        if (was_signed_in or is_signed_in) and "no-store" not in response.get("Cache-Control", ""):
            response["Cache-Control"] = "no-store"
        return response


class HeadMiddleware:
    """HEAD uses up nothing: messages, what was typed and the reason for being signed out wait for whoever looks, and
    no session begins.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "HEAD":
            return self.get_response(request)
        session = request.session
        # What has ended the session by now stays so.
        changed = deepcopy(dict(session.items())) if session.modified else None
        response = self.get_response(request)
        if changed is not None:
            session.clear()
            session.update(changed)
        session.modified = changed is not None
        return response
