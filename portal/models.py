"""What the database says about itself."""

from django.db import models


class DemonstrationMark(models.Model):
    """One row where the database is a demonstration's, whose sign-ins are public knowledge; none anywhere else.

    A row, so that it goes wherever the accounts go: into copies, dumps and other databases.
    """

    marked_at = models.DateTimeField(auto_now_add=True)
