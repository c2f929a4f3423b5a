"""Pages for people: templates, escaped by default, under a strict content policy."""

from pathlib import Path
from urllib.parse import urlencode

import jinja2
from werkzeug import Request, Response
from werkzeug.utils import redirect

from sandbox.servicenow.dictionary import tables_with_pages

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
_templates.globals["listed_tables"] = tables_with_pages()


def page(template: str, status: int = 200, **context: object) -> Response:
    """A rendered page; `session` is nobody unless given."""
    text = _templates.get_template(template).render({"session": None, **context})
    return Response(text, status, HEADERS, content_type="text/html; charset=utf-8")


def to_sign_in(request: Request) -> Response:
    """On to the sign-in form, which leads back to what was asked for."""
    here = request.full_path.rstrip("?")
    return redirect(f"/login.do?{urlencode({'sysparm_goto_url': here})}", 302)


def stylesheet() -> Response:
    """The one stylesheet of all pages."""
    text = (FOLDER / "sandbox.css").read_text(encoding="utf-8")
    return Response(text, 200, {"Cache-Control": "max-age=300"}, content_type="text/css; charset=utf-8")
