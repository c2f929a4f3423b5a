"""Which version of Scoredesk this is, as pages say it; a test holds it against `pyproject.toml`."""

VERSION = "0.1.0"
