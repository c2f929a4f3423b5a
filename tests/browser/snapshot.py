"""What a portal's database held at one moment, to be had again while the portal runs."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

PATIENCE = 60


class Snapshot:
    """A copy of all rows of a SQLite database, taken while no import was under way."""

    def __init__(self, database: Path, copy: Path) -> None:
        self.database, self.copy = database, copy
        deadline = time.monotonic() + PATIENCE
        while not self._take():
            if time.monotonic() > deadline:
                raise TimeoutError("an import of Secure Score does not end")
            time.sleep(0.2)

    def _take(self) -> bool:
        """Copy the database; whether the copy may be kept."""
        with closing(sqlite3.connect(self.database)) as source, closing(sqlite3.connect(self.copy)) as target:
            source.backup(target)
            # Brought back, the claim of an import would be held by nobody.
            claims = target.execute("SELECT claim_token FROM scorecard_importstate").fetchall()
        return bool(claims) and not any(token for (token,) in claims)

    def bring_back(self) -> None:
        """Give every table the rows that it had, in one transaction.

        What counts primary keys goes on counting: a worker that ends what it had begun before must not meet a new row
        under a number that it knows.
        """
        # Without "isolation_level" the module would end the transaction on its own.
        with closing(sqlite3.connect(self.database, timeout=PATIENCE, isolation_level=None)) as database:
            database.execute("ATTACH ? AS kept", (str(self.copy),))
            database.execute("BEGIN IMMEDIATE")
            names = "SELECT name FROM kept.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            for (name,) in database.execute(names).fetchall():
                database.execute(f'DELETE FROM main."{name}"')
                # The columns that the database reckons itself are not in this list.
                stored = database.execute("SELECT name FROM pragma_table_info(?, 'kept')", (name,)).fetchall()
                columns = ", ".join(f'"{column}"' for (column,) in stored)
                database.execute(f'INSERT INTO main."{name}" ({columns}) SELECT {columns} FROM kept."{name}"')
            database.execute("COMMIT")
