"""Places to break a line in names without spaces."""

import pytest
from django.template import Context, Template


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", ""),
        ("aad_mfa", "aad_<wbr>mfa"),
        ("https://a.test/b/", "https://<wbr>a.test/<wbr>b/"),
        ("<b>_&", "&lt;b&gt;_<wbr>&amp;"),
    ],
)
def test_lines_may_break_after_slashes_and_underscores(name: str, shown: str) -> None:
    page = Template("{{ name|breakable }}").render(Context({"name": name}))
    assert page == shown
