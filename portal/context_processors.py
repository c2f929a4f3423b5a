from django.conf import settings
from django.http import HttpRequest

from portal.version import VERSION


def organization(request: HttpRequest) -> dict[str, object]:
    """Whose portal this is, whether it only demonstrates, and where its small forms come back to."""
    match = request.resolver_match
    # One address holds a code of ServiceNow, which is kept nowhere.
    here = getattr(match.func, "comes_back_to", request.get_full_path) if match else request.get_full_path
    return {
        "organization_name": settings.ORGANIZATION_NAME,
        "demo": settings.DEMO,
        "version": VERSION,
        "here": here(),
        "nav_section": (match.app_name or match.url_name) if match else "",
    }
