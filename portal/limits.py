"""How much a request may hold, found out before anything looks at what it holds.

Servers in front have limits of their own, which nobody should have to rely on.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError

from portal.body_deadline import WAS_LATE, length_of
from portal.error_pages import too_much

# What gunicorn takes, and common proxies too (nginx: large_client_header_buffers).
ADDRESS_LENGTH = 8_000
HEADER_LENGTH = 8_000
HEADERS_LENGTH = 64_000


class LimitsMiddleware:
    """Refuses requests that are too long, with a page that says what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        status = _refusal(request)
        return self.get_response(request) if status is None else too_much(request, status)


def _refusal(request: HttpRequest) -> int | None:
    """The status that a request is refused with, None where it is not."""
    meta = request.META
    if len(meta.get("PATH_INFO", "")) + len(meta.get("QUERY_STRING", "")) > ADDRESS_LENGTH:
        return 414
    headers = [len(value) for name, value in meta.items() if name.startswith("HTTP_")]
    headers += [len(meta.get("CONTENT_TYPE") or ""), len(meta.get("REMOTE_ADDR") or "")]
    if max(headers) > HEADER_LENGTH or sum(headers) > HEADERS_LENGTH:
        return 431
    if length_of(meta) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return 413
    if meta.get(WAS_LATE):
        return 408
    try:
        # Read now, so that no view has to know what a broken connection looks like.
        request.body  # noqa: B018
    except UnreadablePostError:
        return 408
    return None
