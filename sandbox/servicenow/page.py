"""Pages for people: templates, escaped by default, under a strict content policy."""

from pathlib import Path

import jinja2
from werkzeug import Response

FOLDER = Path(__file__).parent / "templates"
HEADERS = {
    # No form-action: after consent the browser goes on to the portal, and the policy would apply there too.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(template: str, status: int = 200, **context: object) -> Response:
    """A rendered page; `session` is nobody unless given."""
    text = _templates.get_template(template).render({"session": None, **context})
    return Response(text, status, HEADERS, content_type="text/html; charset=utf-8")


def stylesheet() -> Response:
    """The one stylesheet of all pages."""
    text = (FOLDER / "sandbox.css").read_text(encoding="utf-8")
    return Response(text, 200, {"Cache-Control": "max-age=300"}, content_type="text/css; charset=utf-8")
