"""Codes and tokens that were given out.

Source: ServiceNow documentation, "OAuth API request parameters": an access token lives 1,800 s, a refresh token
100 days; a refresh gives a new access token and the same refresh token, whose life is not extended.
"""

import secrets
from datetime import timedelta

from sandbox.servicenow.clock import stamp
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.store import Row

TOKEN_BYTES = 64


def give_code(instance: Instance, user_name: str, redirect_uri: str, challenge: str, scope: str) -> str:
    """A code for one exchange, good for `code_seconds`."""
    code = secrets.token_urlsafe(TOKEN_BYTES)
    ends_at = instance.now() + timedelta(seconds=instance.switches.code_seconds)
    row = {
        "sys_id": code,
        "user": user_name,
        "redirect_uri": redirect_uri,
        "challenge": challenge,
        "scope": scope,
    }
    instance.store.insert("_code", {**row, "expires_at": stamp(ends_at)})
    return code


def live_code(instance: Instance, code: str) -> Row | None:
    """What a code stands for, unless it is used or too old."""
    return _unless_over(instance, instance.store.get("_code", code))


def use_code(instance: Instance, code: str) -> bool:
    """Use a code up; false if somebody else did."""
    return instance.store.delete("_code", sys_id=code) == 1


def give_token(instance: Instance, kind: str, user_name: str, scope: str, refresh: str = "") -> str:
    """A new `access` or `refresh` token; `refresh` names the one that an access token came with."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    switches = instance.switches
    life = switches.access_token_seconds if kind == "access" else switches.refresh_token_seconds
    row = {"sys_id": token, "kind": kind, "user": user_name, "scope": scope, "refresh": refresh}
    instance.store.insert("_token", {**row, "expires_at": _ends_at(instance, life)})
    return token


def live_token(instance: Instance, token: str, kind: str) -> Row | None:
    """What a token stands for, unless it is of another kind, expired or revoked."""
    row = _unless_over(instance, instance.store.get("_token", token))
    return row if row and row["kind"] == kind else None


def revoke(instance: Instance, token: str) -> None:
    """End a token; with a refresh token end the access tokens that came of it."""
    with instance.store.transaction():
        instance.store.delete("_token", refresh=token)
        instance.store.delete("_token", sys_id=token)


def expire(instance: Instance, kind: str) -> int:
    """End all tokens of a kind, or `all`; how many there were."""
    return instance.store.delete("_token", **({} if kind == "all" else {"kind": kind}))


def _ends_at(instance: Instance, seconds: int) -> str:
    return stamp(instance.now() + timedelta(seconds=seconds))


def _unless_over(instance: Instance, row: Row | None) -> Row | None:
    return row if row and row["expires_at"] > stamp(instance.now()) else None
