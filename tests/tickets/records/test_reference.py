"""What people paste to name a record."""

import pytest

from tickets.records.reference import Reference, read

ID = "0123456789abcdef0123456789abcdef"
OTHER_ID = "f" * 32
HOST = "acme.service-now.com"
CLASSIC = f"change_request.do%3Fsys_id%3D{ID}%26sysparm_view%3Ddefault"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("CHG0030001", Reference(number="CHG0030001")),
        ("  inc0010002 ", Reference(number="INC0010002")),
        ("\uff23\uff28\uff27\uff10\uff10\uff13\uff10\uff10\uff10\uff11", Reference(number="CHG0030001")),
        (ID.upper(), Reference(sys_id=ID)),
        (
            f"https://{HOST}/change_request.do?sys_id={ID}",
            Reference(sys_id=ID, host=HOST, table="change_request"),
        ),
        (
            f"https://{HOST}/incident.do?sysparm_view=ess&sys_id={ID}#top",
            Reference(sys_id=ID, host=HOST, table="incident"),
        ),
        (f"https://{HOST}/nav_to.do?uri={CLASSIC}", Reference(sys_id=ID, host=HOST, table="change_request")),
        (
            f"https://{HOST}/now/nav/ui/classic/params/target/{CLASSIC}",
            Reference(sys_id=ID, host=HOST, table="change_request"),
        ),
        (
            f"https://{HOST}/now/nav/ui/classic/params/target/{CLASSIC.replace('%', '%25')}",
            Reference(sys_id=ID, host=HOST, table="change_request"),
        ),
        (
            f"https://{HOST}/now/sow/record/incident/{ID}/params/selected-tab/{OTHER_ID}",
            Reference(sys_id=ID, host=HOST, table="incident"),
        ),
        (f"https://{HOST}/sp?id=ticket&table=incident&sys_id={ID}", Reference(sys_id=ID, host=HOST)),
        (
            f"https://{HOST}/incident.do?sysparm_query=number=INC0010002",
            Reference(number="INC0010002", host=HOST, table="incident"),
        ),
        (f"http://127.0.0.1:80/change_request.do?sys_id={ID}", Reference("", ID, "127.0.0.1", "change_request")),
        (f"https://{HOST}@evil.example/incident.do?sys_id={ID}", Reference("", ID, "evil.example", "incident")),
        (f"https://ACME.service-now.com:443/incident.do?sys_id={ID}", Reference("", ID, HOST, "incident")),
        (f"https://{HOST}:8443/incident.do?sys_id={ID}", Reference("", ID, f"{HOST}:8443", "incident")),
        (f"<https://{HOST}/incident.do?sys_id={ID}>", Reference("", ID, HOST, "incident")),
        (f"<https://evil.example/incident.do?sys_id={ID}>", Reference("", ID, "evil.example", "incident")),
        (f"/incident.do?sys_id={ID}", Reference(sys_id=ID, table="incident")),
        ("INC0010001\u200b", Reference(number="INC0010001")),
        ("\ufeffINC00\u00ad10001\u2060", Reference(number="INC0010001")),
        ("[INC0010001]", Reference(number="INC0010001")),
        ("(INC0010001),", Reference(number="INC0010001")),
        ("“INC0010001”.", Reference(number="INC0010001")),
        ("【INC0010001】", Reference(number="INC0010001")),
        (f"<{ID}>", Reference(sys_id=ID)),
        ("INC0010001 - Turn on the second factor", Reference(number="INC0010001")),
        ("INC0010001 - Turn on SSO/MFA?", Reference(number="INC0010001")),
        ("INC0010001: Turn on the second factor", Reference(number="INC0010001")),
        (f"<https://other.example/incident.do?sys_id={ID}>", Reference("", ID, "other.example", "incident")),
        (f"[INC0010001](https://{HOST}/incident.do?sys_id={ID})", Reference("", ID, HOST, "incident")),
        (f"See https://{HOST}/incident.do?sys_id={ID}, please", Reference("", ID, HOST, "incident")),
        (f"https://{HOST}/incident.do?sys_id={ID}\u200b", Reference("", ID, HOST, "incident")),
        (f"「https://{HOST}/incident.do?sys_id={ID}」", Reference("", ID, HOST, "incident")),
    ],
)  # fmt: skip
def test_a_record_is_known_by_what_people_paste(text: str, meant: Reference) -> None:
    assert read(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the one from Monday",
        "INC0010001 INC0010002",
        "INC0010001 - like INC0010002",
        "[]",
        "\u200b",
        f"<https://{HOST}/incident.do>",
        "CHG0030001^ORactive=true",
        "javascript:alert(1)",
        f"https://{HOST}/now/nav/ui",
        "../x",
    ],
)
def test_what_names_no_record_is_not_guessed_at(text: str) -> None:
    assert read(text) is None
