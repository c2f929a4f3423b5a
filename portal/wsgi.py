"""What the web server runs."""

import os

from django.core.wsgi import get_wsgi_application

from portal import startup_checks
from portal.body_deadline import BodyDeadline

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
startup_checks.load_settings()
application = BodyDeadline(get_wsgi_application())
startup_checks.check()
