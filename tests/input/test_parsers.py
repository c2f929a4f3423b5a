"""Every parser at a million letters of its worst case."""

import contextlib
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import RequestFactory

from accounts import throttle
from accounts.client_origin import network_of
from accounts.models import User
from connector import hosts
from connector.servicenow import batch, responses
from connector.servicenow.errors import ServiceNowError
from connector.servicenow.records import Record
from portal.reporting import WithoutLinks
from portal.templatetags.breaks import breakable
from scorecard.graph import responses as graph
from scorecard.graph.errors import GraphError
from scorecard.importing import documents
from scorecard.models import remediation
from scorecard.pages.plan_form import TagsField
from tests.input.growth import check_growth, repeated
from tickets.configuration import required_fields
from tickets.configuration.field_options import FieldOptions
from tickets.models import rich_text
from tickets.models.choices import Kind
from tickets.pages import export
from tickets.records import note_matching, provenance, reference
from tickets.tracking import record_journal

NOW = datetime(2026, 3, 2, tzinfo=UTC)
Work = Callable[[str], object]
# Normalising sorts runs of combining marks, which takes the square of their number.
MARKS = repeated("\u0315\u0300")
PLAIN = {
    "addresses": repeated("https://"),
    "addresses with a query": repeated("https://a?b "),
    "almost a token": repeated("a" * 59 + " "),
    "one word": repeated("a"),
    "one digit": repeated("9"),
    "blanks": repeated(" ", "x"),
    "line ends": repeated("\n", "x"),
    "tabs": repeated("\t", "x"),
    "separators": repeated(";=\t,"),
    "slashes": repeated("/_"),
    "marks": MARKS,
    "full width": repeated("\uff1d\u3000"),
    "brackets": repeated("("),
    "dots": repeated("a.b@"),
    "days": repeated("Mon, 1 "),
    "links": repeated("/accounts/reset/a"),
}
HTML = {
    "open brackets": repeated("<"),
    "begun tags": repeated("<a"),
    "begun ends": repeated("</div "),
    "tags that never end": repeated("<a href='https://example.com' "),
    "links": repeated("<a href='https://example.com'>x"),
    "bold": repeated("<b>"),
    "bold and italic": repeated("<b><i>"),
    "misnested": repeated("<b><p></b>"),
    "words": repeated("x<b>y</b>"),
    "words of a link": lambda size: "<a href='https://example.com'>" + "x<b>y</b>" * (size // 9) + "</a>",
    "lists in lists": repeated("<ul><li>"),
    "items": repeated("<li>"),
    "paragraphs": repeated("<p>"),
    "line breaks": repeated("<br>"),
    "cells": repeated("<table><tr><td>"),
    "comments": repeated("<!--"),
    "declarations": repeated("<![CDATA["),
    "references": repeated("&#x"),
    "placeholders": repeated("<domainname>"),
    "codes": repeated("[code]"),
    "ends of codes": repeated("[/code]"),
    "escaped twice": repeated("&amp;amp;"),
}
ADDRESSES = {
    "pages": repeated("change_request.do?"),
    "pages with parameters": repeated("change_request.do?a&"),
    "parameters": repeated("?number=&"),
    "quoted": repeated("%2525"),
    "hosts": repeated("https://a@"),
    "marks of a host": lambda size: "https://" + MARKS(size),
}
TITLES = {
    "almost titles": repeated("1 - 1 - " * 30 + "(" * 60 + "\n\n"),
    "titles": repeated("2026-11-28 07:00:54 - A (Work notes)\n\n"),
    "one title": repeated("1 - "),
}
DESCRIPTION = {
    "labels": repeated("Link: "),
    "labelled lines": repeated("Link: x\n"),
    "own links": repeated("http://127.0.0.1:8000/a "),
    "own link": repeated("http://127.0.0.1:8000/"),
    "sources": repeated("\nRecommendation source: "),
}


def answer(document: object, status: int = 200, **headers: str) -> responses.Answer:
    return responses.Answer(
        status, {"content-type": "application/json", **headers}, json.dumps(document).encode()
    )


def caught(work: Callable[..., object], *arguments: object) -> None:
    """Do what may refuse: how long it takes is asked, not what it says."""
    with contextlib.suppress(
        ServiceNowError, GraphError, documents.DocumentError, hosts.HostRefused, ValidationError
    ):
        work(*arguments)


def of_servicenow(text: str) -> None:
    caught(responses.read_record, "task", answer({"error": {"message": text, "detail": text}}, 400))
    caught(
        responses.read_page, "task", answer({"result": [{"sys_id": {"value": text, "display_value": text}}]})
    )
    caught(responses.read_tokens, answer({"error": text, "error_description": text}, 401))
    caught(responses.read_tokens, answer({"access_token": text, "refresh_token": text, "expires_in": text}))
    caught(responses.read_record, "task", responses.Answer(200, {"content-type": "text/html"}, text.encode()))
    caught(batch.answers, {"serviced_requests": [{"id": text, "status_code": text, "body": text}]})


def headers_of_servicenow(text: str) -> None:
    told = answer(
        {}, 429, **{"retry-after": text, "date": text, "x-ratelimit-reset": text, "x-transaction-id": text}
    )
    caught(responses.read_record, "task", told)


def of_graph(text: str) -> None:
    for status in (400, 403, 429, 503):
        refusal = {"error": {"code": text, "message": text}, "error_description": text}
        headers = {"retry-after": text}
        told = graph.Answer(status, headers, json.dumps(refusal).encode())
        for read in (graph.read_page, graph.read_token):
            caught(lambda read=read, told=told: read(told, now=NOW))


CONTROL = ("controlName", "controlCategory", "description", "implementationStatus")
PROFILE = (
    "id", "title", "controlCategory", "service", "maxScore", "rank", "tier", "userImpact", "remediation",
    "remediationImpact", "actionUrl", "actionType", "deprecated",
)  # fmt: skip


def of_documents(text: str) -> None:
    control = dict.fromkeys(CONTROL, text)
    control |= {"score": text, "lastSynced": text}
    day = {
        "createdDateTime": text,
        "currentScore": text,
        "maxScore": text,
        "controlScores": [control],
        "id": text,
    }
    known = {"createdDateTime": "2026-03-01T00:00:00Z", "currentScore": 1, "maxScore": 2}
    profile: dict[str, Any] = dict.fromkeys(PROFILE, text)
    for score in (day, day | known, day | known | {"controlScores": [control | {"controlName": "a"}]}):
        caught(lambda score=score: documents.read_scores([documents.document({"value": [score]}, "x")]))
    for one in (profile, profile | {"id": "a", "threats": [text]}):
        caught(lambda one=one: documents.read_profiles([documents.document({"value": [one]}, "x")]))
    caught(documents.parse, text, "x")


def of_a_record(text: str) -> None:
    record = Record("change_request", {"description": text, "correlation_id": text, "opened_at": text})
    provenance.told(record, None)
    provenance.lines(record)
    provenance.text(record, Kind.CHANGE_REQUEST)
    provenance.control_id(record)
    provenance.due_on(record)
    record.at("opened_at")


def of_a_request(text: str) -> None:
    network_of(RequestFactory().get("/", REMOTE_ADDR=text, HTTP_X_FORWARDED_FOR=text))
    network_of(RequestFactory().get("/", HTTP_X_FORWARDED_FOR=f"fe80::1%{text}"))


def logged(text: str) -> None:
    WithoutLinks().filter(logging.LogRecord("x", logging.INFO, "x", 1, "%s", (text,), None))


def validated(text: str) -> None:
    """A password of somebody whose names are as long as a name may be."""
    name = text[: User._meta.get_field("username").max_length]
    caught(validate_password, text, User(username=name, first_name=name, email=name))


def key_of(text: str) -> None:
    throttle._key("network", text, text)


TEXTS: dict[str, tuple[Work, dict[str, Callable[[int], str]]]] = {
    "what ServiceNow says": (responses.clean, PLAIN | HTML),
    "ServiceNow's answers": (of_servicenow, PLAIN),
    "ServiceNow's headers": (headers_of_servicenow, PLAIN),
    "what is stored": (responses.as_stored, PLAIN),
    "Graph's answers": (of_graph, PLAIN),
    "documents of Graph": (of_documents, PLAIN | HTML),
    "remediation to show": (remediation.safe_html, PLAIN | HTML),
    "remediation as text": (remediation.plain_text, PLAIN | HTML),
    "records that people name": (reference.read, PLAIN | ADDRESSES),
    "descriptions": (of_a_record, PLAIN | DESCRIPTION),
    "mandatory fields": (
        required_fields.in_words_of, PLAIN | {"labels": repeated("field is mandatory: a,")},
    ),
    "instances": (lambda text: caught(hosts.host_from, text), PLAIN | ADDRESSES),
    "names that break": (breakable, PLAIN),
    "tags": (lambda text: caught(TagsField().to_python, text), PLAIN | {"commas": repeated(",\u3001")}),
    "choices": (FieldOptions((("a", "b"),), readable=True).meant, PLAIN),
    "names to count": (key_of, PLAIN),
    "addresses of clients": (of_a_request, PLAIN),
    "notes": (lambda text: note_matching.is_alike(text, text + "x", author=text), PLAIN | HTML),
    "whole journals": (record_journal.entries, PLAIN | TITLES),
    "entries in rich text": (rich_text.shown, PLAIN | HTML),
    "passwords": (validated, PLAIN),
    "cells": (export.safe, PLAIN),
    "log lines": (logged, PLAIN),
}  # fmt: skip
CASES = [
    pytest.param(work, worst, id=f"{parser}: {name}")
    for parser, (work, worsts) in TEXTS.items()
    for name, worst in worsts.items()
]


@pytest.mark.parametrize(("work", "worst"), CASES)
def test_twice_the_text_takes_no_more_than_twice_the_time(
    settings: LazySettings, work: Work, worst: Callable[[int], str]
) -> None:
    settings.TRUSTED_PROXIES = 1
    check_growth(work, worst)
