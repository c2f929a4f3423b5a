import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.models.remediation import TAGS, plain_text, safe_html

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://tracker.example/pixel.gif'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVa&#x09;script:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='/accounts/logout/'>x</a>",
    "<a href='http://insecure.example'>x</a>",
    "<p style='background:url(https://tracker.example)' onclick=alert(1) class=menu id=main>x</p>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src='https://evil.example'></iframe>",
    "<form action='https://evil.example'><input name=password></form>",
    "<!--<img src=x onerror=alert(1)>--><b>x</b>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<style>@import 'https://evil.example'</style>",
    "<base href='https://evil.example'><meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
]
LINK = re.compile(r'(?: href="https:[^"]*")?(?: rel="noopener noreferrer")?')
TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)([^>]*)>")


def assert_safe(html: str) -> None:
    for _, name, attributes in TAG.findall(html):
        assert name in TAGS
        if name == "a":
            assert LINK.fullmatch(attributes)
        else:
            assert attributes.strip() == ""


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_comes_out_harmless(attack: str) -> None:
    assert_safe(safe_html(attack))


@given(st.text(alphabet="<>/\"'= abisvgp&;!-:", max_size=60))
def test_nothing_but_allowed_tags_ever_comes_out(text: str) -> None:
    assert_safe(safe_html(text))


@given(st.text(max_size=80))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = safe_html(text)
    assert safe_html(once) == once


def test_structure_and_https_links_stay() -> None:
    html = safe_html(
        '<ol><li>Open <a href="https://portal.azure.com/#x" target="_blank">it</a>.<li><em>Save</em></ol>'
    )
    assert html == (
        '<ol><li>Open <a href="https://portal.azure.com/#x" rel="noopener noreferrer">it</a>.</li>'
        "<li><em>Save</em></li></ol>"
    )


@pytest.mark.parametrize("placeholder", ["<domainname>", "<Your-Tenant>", "</tenant>", "<user@example.com>"])
def test_a_placeholder_that_looks_like_a_tag_is_kept_as_text(placeholder: str) -> None:
    assert (
        safe_html(f"set {placeholder} here")
        == f"set {placeholder.replace('<', '&lt;').replace('>', '&gt;')} here"
    )
    assert plain_text(f"set {placeholder} here") == f"set {placeholder} here"


def test_words_in_neighbouring_boxes_do_not_run_together() -> None:
    raw = "<div>one</div><div>two</div><table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"
    assert plain_text(raw).split() == ["one", "two", "a", "b", "c"]


def test_plain_text_has_markers_and_addresses() -> None:
    raw = (
        "<p>Do <b>this</b>:</p><ol><li><p>Open the portal</p></li><li>Choose:<ul><li>One<li>Two</ul></li>"
        '<li>See <a href="https://learn.microsoft.com/">the guide</a></li></ol>'
        '<p>Or <a href="https://aka.ms/x">https://aka.ms/x</a>.</p>'
    )
    assert plain_text(raw) == (
        "Do this:\n\n1. Open the portal\n2. Choose:\n  - One\n  - Two\n"
        "3. See the guide (https://learn.microsoft.com/)\n\nOr https://aka.ms/x."
    )


def test_plain_text_is_plain_already() -> None:
    assert plain_text("  None.\n\t ") == "None."
    assert plain_text("") == ""
    assert plain_text("a &amp; b &lt;c&gt;<br/>d") == "a & b <c>\nd"


COMMANDS = "Run these on the authority:\r\ncatool --flags -OTHERNAME\nnet stop caservice\rnet start caservice"
LINES = [
    "Run these on the authority:",
    "catool --flags -OTHERNAME",
    "net stop caservice",
    "net start caservice",
]


@pytest.mark.parametrize(
    "raw",
    [COMMANDS, COMMANDS.replace("net", "<b>net</b>"), COMMANDS + " <domainname>", f"<pre>{COMMANDS}</pre>"],
)
def test_commands_on_lines_of_their_own_stay_there(raw: str) -> None:
    found = plain_text(raw).replace(" <domainname>", "")
    assert found.splitlines() == LINES
    shown = re.sub("</?(?:b|pre)>| &lt;domainname&gt;", "", safe_html(raw))
    assert re.split(r"<br>|\r\n?|\n", shown) == LINES


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (
            "1. Look:<br>catool --show\r\ncatool --count<br>2. Done.",
            ["1. Look:", "catool --show catool --count", "2. Done."],
        ),
        ("<p>One\r\nand the same</p>", ["One and the same"]),
        ("<ul>\n<li>a\nb</li>\n</ul>", ["- a b"]),
        ("<table>\n<tr><td>a</td>\n<td>b</td></tr></table>", ["a b"]),
        ("<DIV>a\nb</DIV>", ["a b"]),
    ],
)
def test_between_tags_line_ends_are_white_space_as_in_html(raw: str, lines: list[str]) -> None:
    assert plain_text(raw).splitlines() == lines
