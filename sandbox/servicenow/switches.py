"""What can be set about the instance while it runs, and the two profiles it starts from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


class BadSwitch(ValueError):
    """A setting that does not exist, or a value of the wrong type."""


CHOICES = {
    "languages": ("en", "en,ja"),
    "query_denial": ("ignored", "forbidden"),
    "unreadable_field_query": ("ignored", "forbidden"),
    "sign_in": ("password", "mfa", "sso"),
    "journal_table": ("shown", "empty", "forbidden"),
    "stored_texts": ("as sent", "cut at emoji", "without emoji", "escaped", "respaced", "rewritten"),
    "stored_notes": ("as sent", "wrapped in HTML"),
}


@dataclass(frozen=True)
class Switches:
    """Properties of the instance. Times are in seconds.

    `query_denial` says what happens to a range or sort that Query ACLs refuse: the part is `ignored`, or the
    request is `forbidden`. Which of the two a real instance does is not documented. `unreadable_fields` and
    `unwritable_fields` are comma-separated names, closed to all but administrators; `unreadable_field_query` says what
    happens to a query that uses one. `languages` (comma-separated) have their labels installed, `language` is spoken to
    who has not chosen one. `hidden_rows` is an encoded query for rows that only administrators see.

    `journal_table` says whether `sys_journal_field` shows its rows, nothing without a word, or is forbidden.
    `stored_texts` says what becomes of texts on their way into the database, `stored_notes` of those for a journal.

    `auth_scopes` (comma-separated) are those of the OAuth entity; a new entity has none, and its tokens are good for
    nothing. `remember_grants` skips consent for who allowed it before; `reissue_codes` gives an unredeemed code
    again, with the PKCE challenge of the first request. `sign_in` is by `password`, by password and `mfa`, or by
    `sso` at an identity provider that knows `identity_provider_users`.
    """

    profile: str = "hardened"
    honour_sys_id: bool = True
    rotate_refresh_token: bool = False
    access_token_seconds: int = 1800
    refresh_token_seconds: int = 8_640_000
    code_seconds: int = 60
    client_credentials_enabled: bool = True
    pkce_supported: bool = True
    pkce_required: bool = False
    public_client: bool = False
    auth_scopes: str = "useraccount"
    remember_grants: bool = False
    reissue_codes: bool = False
    sign_in: str = "password"
    identity_provider_users: str = "admin"
    batch_seconds: int = 30
    state_required: bool = True
    change_models: bool = True
    old_close_codes: bool = False
    choices_readable: bool = True
    meta_readable: bool = True
    unreadable_fields: str = ""
    unreadable_field_query: str = "forbidden"
    hidden_rows: str = ""
    journal_table: str = "shown"
    stored_texts: str = "as sent"
    stored_notes: str = "as sent"
    range_queries_allowed: bool = True
    query_denial: str = "ignored"
    invalid_query_returns_no_rows: bool = False
    legal_transitions_only: bool = True
    assignment_group_required: bool = False
    unwritable_fields: str = ""
    standard_change_read_only: str = ""
    time_zone: str = "America/Los_Angeles"
    languages: str = "en"
    language: str = "en"
    comments_title: str = "Comments"
    old_link_header: bool = False
    longest_url: int = 10_240
    rate_limit_commit_seconds: int = 30
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
            if value not in CHOICES.get(name, (value,)):
                raise BadSwitch(f"{name} is one of {', '.join(CHOICES[name])}.")
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
        unreadable_field_query="ignored",
        comments_title="Additional comments",
        old_link_header=True,
    ),
}
