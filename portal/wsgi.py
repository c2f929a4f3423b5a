"""What the web server runs."""

import os

from django.core.wsgi import get_wsgi_application

from portal import start
from portal.body_deadline import BodyDeadline

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
start.load_settings()
application = BodyDeadline(get_wsgi_application())
start.check()
