"""One word for one thing, in both languages: the variants that docs/glossary.md rules out are in no text."""

import re
from datetime import date

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from django.forms import DateField
from django.utils import translation
from django.utils.formats import date_format

from tools.messages import ROOT, forms

# What is never written, and what is written for it.
ENGLISH = {
    r"\be-mail": "email",
    r"\b(?:a|no) mail\b|(?<!e)mail address": "an email, email address",
    r"(?:organ|recogn|author|initial|custom|normal|summar|synchron|util)is(?:e|ing|ation)|analys(?:e|ing)": "-ize",
    r"\b(?:colour|behaviour|favour|catalogue|centre|learnt|licence|cancelled|labelled)": "American spelling",
    r"\bset(?:tled)? (?:the connection )?up anew\b": "reconnect",
    r"\b(?:is|are|be) settled\b": "processed",
}
JAPANESE = {
    "インパクト": "影響度",
    "規則": "ルール",
    "参照 ID": "相関 ID",
    "取りやめ": "中止",
    "やめる": "中止",
    "消失": "削除",
    "向こう": "ServiceNow",
    "ここで待機": "ポータルで待機",
    "キーを持つ": "キーが設定された",
    "読み戻": "値を確認",
    "e メール|イーメール": "メール",
    "試してください": "お試しください",
    "(?:フィールド|テンプレート)(?:の試行|を(?:もう一度)?試)": "テスト",
    r"\[再認可\] を選択": "もう一度認可を行ってください",
    "運用者": "運用担当者",
    "連係": "連携",
    "[（）：？]": "half-width ( ) : ?",
}
# One thing has one name wherever it is named alone.
NAMED = {
    "Assigned to": "アサイン先",
    "Impact": "影響度",
    "Regressed": "スコア低下",
    "Owner": "担当者",
    "Give up": "送信を中止",
    "Discard": "破棄",
    "Due date": "期限",
    "Authorize again": "再認可",
}
COUNTERS = "件|人|分|秒|時間|日間|個|回|文字"


@pytest.fixture(scope="module")
def japanese() -> list[Message]:
    with (ROOT / "locale/ja/LC_MESSAGES/django.po").open("rb") as file:
        return [message for message in read_po(file) if message.id]


@pytest.mark.parametrize("variant", ENGLISH)
def test_english_has_one_word(variant: str, japanese: list[Message]) -> None:
    texts = [text for message in japanese for text in forms(message.id)]
    assert not [text for text in texts if re.search(variant, text, re.IGNORECASE)], ENGLISH[variant]


@pytest.mark.parametrize("variant", JAPANESE)
def test_japanese_has_one_word(variant: str, japanese: list[Message]) -> None:
    texts = [text for message in japanese for text in forms(message.string)]
    assert not [text for text in texts if re.search(variant, text)], JAPANESE[variant]


@pytest.mark.parametrize("name", NAMED)
def test_one_thing_has_one_name(name: str, japanese: list[Message]) -> None:
    found = {form for message in japanese if message.id == name for form in forms(message.string)}
    assert found == {NAMED[name]}


def test_authorize_is_what_oauth_does_and_approval_what_a_change_waits_for(japanese: list[Message]) -> None:
    states = {message.id: message.string for message in japanese if message.context == "ticket state"}
    assert states["Authorize"] == "承認"
    plain = [message.string for message in japanese if message.id == "Authorize" and not message.context]
    assert plain == ["認可"]


def test_a_number_stays_with_its_counter(japanese: list[Message]) -> None:
    apart = re.compile(rf"(?:%\(\w+\)[sd]|\{{\w+\}}|(?<![\w.])\d+) (?:{COUNTERS})(?![A-Za-z])")
    texts = [text for message in japanese for text in forms(message.string)]
    assert not [text for text in texts if apart.search(text)]


@pytest.mark.parametrize("text", ["Send us an e-mail", "organisation", "You get a mail"])
def test_a_variant_is_found(text: str) -> None:
    assert any(re.search(variant, text, re.IGNORECASE) for variant in ENGLISH)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_day_may_be_typed_as_the_portal_prints_it(language: str) -> None:
    day = date(2026, 11, 3)
    with translation.override(language):
        assert DateField().clean(date_format(day, "SHORT_DATE_FORMAT")) == day
