from django.conf import settings
from django.http import HttpRequest

from accounts.forms import Theme


def theme(request: HttpRequest) -> dict[str, object]:
    """The theme that was chosen in this browser; empty where the system's is followed."""
    chosen = request.COOKIES.get(settings.THEME_COOKIE_NAME, "")
    return {"theme": chosen if chosen in (Theme.LIGHT, Theme.DARK) else "", "themes": Theme.choices}
