"""How static files are collected."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Self

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

# What holds all that it imports once it is collected: how it imports, and what becomes of that. A block keeps to itself
# what a script declares, as a module does.
WHOLE = {
    "css/all.css": (re.compile(r'@import url\("([^"]+)"\);\n'), "%s"),
    "js/app.js": (re.compile(r'import "\./([^"]+)";\n'), "{\n%s}\n"),
}


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Puts what the style sheet and the script import into them, so that a first visit asks for one file each; names
    carry their hash.

    Without collecting, browsers follow the imports themselves: there is nothing to build while developing.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Beside what is served: the list of all files is nobody's business.
        beside = FileSystemStorage(settings.STATE_DIR, file_permissions_mode=0o600)
        super().__init__(*args, manifest_storage=beside, **kwargs)

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Replace the imports before the files get their names."""
        for name, (imports, form) in WHOLE.items() if not dry_run else ():
            if name in paths:
                paths = {**paths, name: self._whole(paths, name, imports, form)}
        yield from super().post_process(paths, dry_run, **options)

    def _whole(
        self, paths: dict[str, Any], name: str, imports: re.Pattern[str], form: str
    ) -> tuple[Self, str]:
        folder = PurePosixPath(name).parent
        whole = imports.sub(lambda found: form % _read(paths, str(folder / found[1])), _read(paths, name))
        self.delete(name)
        self.save(name, ContentFile(whole.encode()))
        return self, name


def _read(paths: dict[str, Any], name: str) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        return str(file.read().decode())
