"""The portal as gunicorn runs it, but for how long it waits for a body."""

import os

from django.core.wsgi import get_wsgi_application

from portal.body_deadline import BodyDeadline

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = BodyDeadline(get_wsgi_application(), seconds=1)
