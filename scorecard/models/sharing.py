"""Addresses that hand an improvement action on to other programs. Pure.

Sources: Microsoft Teams documentation, "Share to Teams from web apps"; RFC 6068 for `mailto`.
"""

from dataclasses import dataclass
from urllib.parse import quote

PLANNER = "https://tasks.office.com/"
# Longer addresses are cut or refused by mail programs on Windows.
TITLE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class ShareLinks:
    """Where the entries of the Share menu lead."""

    page: str
    email: str
    teams: str
    planner: str


def share_links(*, title: str, page: str, greeting: str) -> ShareLinks:
    """Return the links for an action. `page` is its whole address, `greeting` the mail's first line."""
    subject, body = quote(title[:TITLE_LENGTH], safe=""), quote(f"{greeting}\r\n{page}\r\n", safe="")
    return ShareLinks(
        page=page,
        email=f"mailto:?subject={subject}&body={body}",
        teams=f"https://teams.microsoft.com/share?href={quote(page, safe='')}&msgText={subject}",
        planner=PLANNER,
    )
