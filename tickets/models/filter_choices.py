"""What lists of tickets can be filtered by, as tickets have it: who works on them, in which groups, which instances."""

from collections.abc import Mapping, Sequence

from django.db import connection

# So many of each can be chosen between.
MOST = 200
# From one label to the next through the index, where DISTINCT would read every ticket.
_NEXT = """{0}s(folded, number) AS (
    SELECT (SELECT LOWER({0}) FROM tickets_ticket WHERE LOWER({0}) > '' ORDER BY LOWER({0}) LIMIT 1), 1
    UNION ALL
    SELECT (SELECT LOWER({0}) FROM tickets_ticket WHERE LOWER({0}) > folded ORDER BY LOWER({0}) LIMIT 1), number + 1
    FROM {0}s WHERE folded IS NOT NULL AND number < %s
)"""
_FOUND = """SELECT '{0}', '', (SELECT {0} FROM tickets_ticket WHERE LOWER({0}) = folded LIMIT 1)
    FROM {0}s WHERE folded IS NOT NULL"""
# A card's list names the current instance, whether that has tickets yet or not.
_INSTANCES = """SELECT 'instance', CAST(id AS VARCHAR(20)), host FROM connector_instance
    WHERE EXISTS (SELECT 1 FROM tickets_ticket WHERE instance_id = connector_instance.id)
    OR EXISTS (SELECT 1 FROM connector_connection WHERE instance_id = connector_instance.id AND is_current)"""
_COLUMNS = ("assignee", "assignment_group")
_QUERY = (
    f"WITH RECURSIVE {', '.join(map(_NEXT.format, _COLUMNS))} "
    + " UNION ALL ".join([*map(_FOUND.format, _COLUMNS), _INSTANCES])
)  # fmt: skip


def filter_choices() -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return what can be chosen in `assignee`, `assignment_group` and `instance`: values and words, in order whatever
    their case. One query for all.
    """
    found: dict[str, list[tuple[str, str]]] = {column: [] for column in (*_COLUMNS, "instance")}
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, [MOST] * len(_COLUMNS))
        for column, key, words in cursor.fetchall():
            found[column].append((key or words, words))
    return {column: sorted(rows, key=lambda row: row[1].casefold()) for column, rows in found.items()}
