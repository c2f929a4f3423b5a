"""The first administrator of a deployment, asked for once by `make serve`."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import AuditEntry, User
from accounts.roles import ADMINISTRATOR


class Command(BaseCommand):
    help = "Creates an administrator, asking for a user name and a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--only-if-none", action="store_true", help="do nothing if there is an administrator already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["only_if_none"] and User.objects.filter(is_superuser=True, is_active=True).exists():
            return
        if not sys.stdin.isatty():
            if options["only_if_none"]:
                sys.exit(1)  # Whoever asked so knows what to say.
            raise CommandError("It asks for a user name and a password: run it in a terminal.")
        if not User.objects.filter(is_superuser=True, is_active=True).exists():
            self.stdout.write("The portal has no administrator yet.")
        username = self._username()
        user = User.objects.create_superuser(username, password=self._password(User(username=username)))
        user.groups.add(Group.objects.get(name=ADMINISTRATOR))
        AuditEntry.objects.record(actor=user, verb="accounts.administrator_created", target=username)

    def _username(self) -> str:
        while True:
            username = input("User name: ").strip()
            try:
                User.username_validator(username)
            except ValidationError as error:
                self.stderr.write(" ".join(error.messages))
                continue
            if username and not User.objects.filter(username=username).exists():
                return username
            self.stderr.write("Choose another user name.")

    def _password(self, user: User) -> str:
        while True:
            password = getpass("Password: ")
            try:
                validate_password(password, user)
            except ValidationError as error:
                self.stderr.write(" ".join(error.messages))
                continue
            if password == getpass("Password again: "):
                return password
            self.stderr.write("These were two different passwords.")
