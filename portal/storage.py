"""How static files are collected."""

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

SHEET = "css/all.css"
_IMPORT = re.compile(r'@import url\("([^"]+)"\);\n')


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Puts what the style sheet imports into it, so that a first visit asks for one file; names carry their hash.

    Without collecting, browsers follow the imports themselves: there is nothing to build while developing.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Beside what is served: the list of all files is nobody's business.
        beside = FileSystemStorage(settings.STATE_DIR, file_permissions_mode=0o600)
        super().__init__(*args, manifest_storage=beside, **kwargs)

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Replace the imports before the files get their names."""
        if SHEET in paths and not dry_run:
            whole = _IMPORT.sub(lambda found: _read(paths, f"css/{found[1]}"), _read(paths, SHEET))
            self.delete(SHEET)
            self.save(SHEET, ContentFile(whole.encode()))
            paths = {**paths, SHEET: (self, SHEET)}
        yield from super().post_process(paths, dry_run, **options)


def _read(paths: dict[str, Any], name: str) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        return str(file.read().decode())
