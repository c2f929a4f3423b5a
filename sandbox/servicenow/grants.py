"""Codes and tokens that were given out, and who allowed what.

Source: ServiceNow documentation, "OAuth API request parameters": an access token lives 1,800 s, a refresh token
100 days; a refresh gives a new access token and the same refresh token, whose life is not extended.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sandbox.servicenow.clock import stamp
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.store import Row

TOKEN_BYTES = 64


@dataclass(frozen=True)
class Authorization:
    """What a person allowed: where the code goes, under which PKCE challenge, for which scopes."""

    user_name: str
    redirect_uri: str
    challenge: str
    scope: str


def allow(instance: Instance, allowed: Authorization) -> None:
    """Remember that this user allowed the client in."""
    with instance.store.transaction():
        forget(instance, allowed.user_name)
        row = {"sys_id": secrets.token_hex(16), "user": allowed.user_name, "scope": allowed.scope}
        instance.store.insert("_grant", row)


def is_allowed(instance: Instance, user_name: str) -> bool:
    """Whether this user allowed the client in before."""
    return bool(instance.store.find("_grant", user=user_name))


def forget(instance: Instance, user_name: str) -> None:
    """Have this user asked again."""
    instance.store.delete("_grant", user=user_name)


def give_code(instance: Instance, allowed: Authorization) -> str:
    """A code for one exchange, good for `code_seconds`.

    Under `reissue_codes` a code that nobody redeemed is given again as it was, with its old PKCE challenge.
    """
    waiting = _waiting_code(instance, allowed) if instance.switches.reissue_codes else None
    if waiting:
        return waiting["sys_id"]
    code = secrets.token_urlsafe(TOKEN_BYTES)
    ends_at = instance.now() + timedelta(seconds=instance.switches.code_seconds)
    row = {
        "sys_id": code,
        "user": allowed.user_name,
        "redirect_uri": allowed.redirect_uri,
        "challenge": allowed.challenge,
        "scope": allowed.scope,
    }
    instance.store.insert("_code", {**row, "expires_at": stamp(ends_at)})
    return code


def _waiting_code(instance: Instance, allowed: Authorization) -> Row | None:
    rows = instance.store.find("_code", user=allowed.user_name, redirect_uri=allowed.redirect_uri)
    return next((row for row in rows if _unless_over(instance, row)), None)


def live_code(instance: Instance, code: str) -> Row | None:
    """What a code stands for, unless it is used or too old."""
    return _unless_over(instance, instance.store.get("_code", code))


def use_code(instance: Instance, code: str) -> bool:
    """Use a code up; false if somebody else did."""
    return instance.store.delete("_code", sys_id=code) == 1


def give_token(instance: Instance, kind: str, user_name: str, scope: str, refresh: str = "") -> str:
    """A new `access` or `refresh` token; `refresh` names the one that an access token came with."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = {"sys_id": token, "kind": kind, "user": user_name, "scope": scope, "refresh": refresh}
    instance.store.insert("_token", {**row, "expires_at": _ends_at(instance, kind)})
    return token


def extend(instance: Instance, token: str, kind: str) -> None:
    """Let a token live its full life again, from now."""
    instance.store.update("_token", token, {"expires_at": _ends_at(instance, kind)})


def live_token(instance: Instance, token: str, kind: str) -> Row | None:
    """What a token stands for, unless it is of another kind, expired or revoked."""
    row = _unless_over(instance, instance.store.get("_token", token))
    return row if row and row["kind"] == kind else None


def live_tokens(instance: Instance, **equal: str) -> list[Row]:
    """The tokens that are good now and have these properties, oldest first."""
    return [row for row in instance.store.find("_token", **equal) if _unless_over(instance, row)]


def revoke(instance: Instance, token: str) -> None:
    """End a token; with a refresh token end the access tokens that came of it, and the consent."""
    with instance.store.transaction():
        row = instance.store.get("_token", token)
        if row and row["kind"] == "refresh":
            forget(instance, row["user"])
            instance.store.delete("_token", refresh=token)
        instance.store.delete("_token", sys_id=token)


def expire(instance: Instance, kind: str) -> int:
    """End all tokens of a kind, or `all`; how many there were."""
    return instance.store.delete("_token", **({} if kind == "all" else {"kind": kind}))


def _ends_at(instance: Instance, kind: str) -> str:
    switches = instance.switches
    life = switches.access_token_seconds if kind == "access" else switches.refresh_token_seconds
    return stamp(instance.now() + timedelta(seconds=life))


def _unless_over(instance: Instance, row: Row | None) -> Row | None:
    return row if row and row["expires_at"] > stamp(instance.now()) else None
