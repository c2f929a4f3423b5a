#!/usr/bin/env python
"""Django's command line."""

import os
import sys

import django
from django.core.management import execute_from_command_line

from portal import startup_checks

# What serves people or works on what they entered must be as safe to start as the portal itself. Not among them is
# what fixes a portal that may not start, or only looks.
AS_SAFE_AS_THE_PORTAL = {
    "create_administrator",
    "createsuperuser",
    "import_secure_score",
    "migrate",
    "poll_tickets",
    "push_due",
    "reconcile",
    "runserver",
    "seed_demo",
}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    startup_checks.load_settings()
    if AS_SAFE_AS_THE_PORTAL.intersection(sys.argv[1:2]) and not {"-h", "--help"}.intersection(sys.argv):
        django.setup()
        startup_checks.check()
    execute_from_command_line(sys.argv)
