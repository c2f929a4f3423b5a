"""What can be set about the instance while it runs, and the two profiles it starts from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


class BadSwitch(ValueError):
    """A setting that does not exist, or a value of the wrong type."""


@dataclass(frozen=True)
class Switches:
    """Properties of the instance. Times are in seconds.

    `query_denial` says what happens to a range or sort that Query ACLs refuse: the part is `ignored`, or the
    request is `forbidden`. Which of the two a real instance does is not documented.
    """

    profile: str = "hardened"
    honour_sys_id: bool = True
    rotate_refresh_token: bool = False
    access_token_seconds: int = 1800
    refresh_token_seconds: int = 8_640_000
    code_seconds: int = 60
    client_credentials_enabled: bool = True
    pkce_supported: bool = True
    public_client: bool = False
    state_required: bool = True
    change_models: bool = True
    old_close_codes: bool = False
    choices_readable: bool = True
    range_queries_allowed: bool = True
    query_denial: str = "ignored"
    invalid_query_returns_no_rows: bool = False
    legal_transitions_only: bool = True
    unwritable_fields: str = ""
    time_zone: str = "America/Los_Angeles"
    clock_offset_seconds: int = 0

    def changed(self, asked: Mapping[str, Any]) -> "Switches":
        """A copy with other values.

        Raises:
            BadSwitch: unknown name or wrong type.
        """
        types = {f.name: type(getattr(self, f.name)) for f in fields(self) if f.name != "profile"}
        for name, value in asked.items():
            if name not in types:
                raise BadSwitch(f"Unknown setting {name!r}. Known: {', '.join(types)}.")
            if type(value) is not types[name]:
                raise BadSwitch(f"{name} takes a value of type {types[name].__name__}.")
        return replace(self, **asked)

    def as_json(self) -> dict[str, Any]:
        """Every setting and its value."""
        return asdict(self)


PROFILES = {
    "hardened": Switches(),
    # As Kingston was: no PKCE, no client credentials, no change models, the old close codes.
    "legacy": Switches(
        profile="legacy",
        client_credentials_enabled=False,
        pkce_supported=False,
        state_required=False,
        change_models=False,
        old_close_codes=True,
    ),
}
