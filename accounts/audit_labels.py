"""What the audit log calls the actions that it holds. The log itself keeps their short names, in no language.

Each app registers the labels of its own actions in its `AppConfig.ready`.
"""

from collections.abc import Mapping

from django.utils.functional import Promise

# A test finds a verb that somebody used and did not register.
LABELS: dict[str, Promise] = {}


def register(labels: Mapping[str, Promise]) -> None:
    """Add an app's labels, lazily translated, by verb, such as `ticket.shared`. Raises ValueError for a verb that has
    one already: two actions would look like one in the log.
    """
    if taken := LABELS.keys() & labels.keys():
        raise ValueError(f"registered twice: {', '.join(sorted(taken))}")
    LABELS.update(labels)


def verb_label(verb: str) -> str:
    """Say a verb in words; one that nobody registered stays as it is."""
    return str(LABELS.get(verb, verb))
