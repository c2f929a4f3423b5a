from typing import Any

from accounts.roles import sync_roles


def after_migrate(**kwargs: Any) -> None:
    """Sync the role groups whenever the tables may have changed."""
    sync_roles()
