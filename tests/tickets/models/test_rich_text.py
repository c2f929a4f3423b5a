"""Notes with ServiceNow's rich text: their words, safely formatted, wherever they are shown."""

import pytest
from django.test import Client

from accounts.models import User
from tests.sandbox_process import SandboxProcess
from tests.scorecard.models.test_remediation import assert_safe
from tickets.models import Ticket, rich_text
from tickets.tracking.poll import poll_delta

NOTE = "[code]<p>Please <b>look</b> &amp; close.</p><ul><li>one</li></ul>[/code]"
ATTACKS = (
    "[code]<img src=x onerror=alert(1)>[/code]",
    "[code]<script>alert(1)</script>[/code]",
    "[code]<a href='javascript:alert(1)'>x</a>[/code]",
    "[code]<svg/onload=alert(1)>",
    "[co[code]de]<script>alert(1)</script>[/code][/code]",
    "[code]<p style='position:fixed' onclick=x class=y id=z>a</p>[/code]",
    "<script>alert(1)</script>[code]</div><script>alert(1)</script>[/code]<b>",
    "[code]<iframe src=//evil></iframe>[/CODE]",
)


@pytest.mark.parametrize("table", ["shown", "empty"])
@pytest.mark.django_db
def test_a_note_in_rich_text_shows_its_words_and_no_tags(
    sandbox: SandboxProcess, delivered: Ticket, secadmin: User, client: Client, table: str
) -> None:
    sandbox.settings(journal_table=table)
    sandbox.change("change_request", delivered.sys_id, work_notes=NOTE)
    poll_delta()
    client.force_login(secadmin)
    page = client.get(delivered.get_absolute_url()).content.decode()
    assert "<p>Please <b>look</b> &amp; close.</p><ul><li>one</li></ul>" in page
    assert "[code]" not in page
    assert "&lt;p&gt;" not in page


def test_plain_text_around_rich_text_keeps_its_lines() -> None:
    shown = rich_text.shown("Before <b>\nand\n[code]<i>in</i>[/code]\nafter & all")
    assert shown == (
        '<div class="pre-line">Before &lt;b&gt;\nand</div><div class="prose"><i>in</i></div>'
        '<div class="pre-line">after &amp; all</div>'
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_but_safe_tags_comes_out(attack: str) -> None:
    shown = str(rich_text.shown(attack))
    for ours in ('<div class="pre-line">', '<div class="prose">', "</div>"):
        shown = shown.replace(ours, "")
    assert_safe(shown)


def test_an_empty_note_shows_nothing() -> None:
    assert rich_text.shown(" \n") == ""
