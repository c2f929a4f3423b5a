from django.conf import settings
from django.http import HttpRequest


def organization(request: HttpRequest) -> dict[str, object]:
    """Whose portal this is, and whether it only demonstrates."""
    match = request.resolver_match
    return {
        "organization_name": settings.ORGANIZATION_NAME,
        "demo": settings.DEMO,
        "nav_section": (match.app_name or match.url_name) if match else "",
    }
