"""Where sessions are: Django's table. Named by SESSION_ENGINE."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError


class SessionStore(db.SessionStore):
    """Django's own, which puts its one UPDATE into a transaction: three statements on a page that notes a deed."""

    def save(self, must_create: bool = False) -> None:
        """Write the session. Raises CreateError if a new one's key is taken, UpdateError if an old one is deleted."""
        if must_create or self.session_key is None:
            super().save(must_create)
            return
        now = self.create_model_instance(dict(self.items()))
        row = self.model.objects.filter(pk=now.pk)
        if row.update(session_data=now.session_data, expire_date=now.expire_date) != 1:
            raise UpdateError
