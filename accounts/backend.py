"""What people may do: what their roles say, and nothing else."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db.models import QuerySet

from accounts.models import User


class RoleBackend(ModelBackend):
    """Django's own without permissions of single people, which nobody can give here: every page asks once less."""

    def _get_user_permissions(self, user_obj: User) -> QuerySet[Permission]:
        return Permission.objects.none()
