"""What the web server runs."""

import os

from django.core.wsgi import get_wsgi_application

from portal import start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
start.load_settings()
application = get_wsgi_application()
start.check()
