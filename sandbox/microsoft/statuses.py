"""The sentence under "Implementation status": free text, sometimes HTML, in as many styles as products."""

from sandbox.microsoft.catalogue import Control


def implementation_status(control: Control, count: int, total: int) -> str:
    """Text for `count` of `total` done: the catalogue's own words, else a phrase for the way of measuring."""
    own = control.status_done if count == total else control.status_open
    if own:
        return own.format(count=count, total=total, missing=total - count)
    if control.measure == "setting":
        return f"Feature in place: {str(count == total).lower()}."
    noun, *style = control.measure.split()
    if style == ["by", "policy"]:
        return _policies(noun, count, total)
    return f"{total - count} of {total} {noun} still need this change."


def _policies(noun: str, count: int, total: int) -> str:
    """Defender for Office 365 lists the policies behind the number, as HTML."""
    done, missing = round(100 * count / total), total - count
    lines = [f"<li>Standard preset - {count} {noun} ({done}%)&nbsp;</li>"] if count else []
    lines += [f"<li>Default - {missing} {noun} ({100 - done}%)&nbsp;</li>"] if missing else []
    return f"<p> {done}% of {noun} have a policy as strict as advised&nbsp;</p><ul>{''.join(lines)}</ul>"
