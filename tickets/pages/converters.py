from django.urls import register_converter

from tickets.models.choices import Kind


class KindConverter:
    """The kind of ticket in an address."""

    regex = "|".join(Kind.values)

    def to_python(self, value: str) -> Kind:
        """Read it."""
        return Kind(value)

    def to_url(self, value: str) -> str:
        """Write it."""
        return Kind(value).value


register_converter(KindConverter, "kind")
