from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from connector import hosts
from connector.access import client_factory
from connector.models import Connection, Grant

ONE_LINE = {"autocomplete": "off", "spellcheck": "false"}


class InstanceForm(forms.Form):
    """Which instance it is. This is asked first, because what to register there depends on it."""

    instance = forms.CharField(
        label=_("Instance"),
        max_length=300,
        help_text=_("The instance's name, such as acme, or its address, such as acme.service-now.com."),
        widget=forms.TextInput(attrs=ONE_LINE),
    )

    def clean_instance(self) -> str:
        """The host, from whatever form of it was typed."""
        try:
            return hosts.permitted(self.cleaned_data["instance"])
        except hosts.HostRefused:
            raise forms.ValidationError(
                _(
                    "This is not a ServiceNow instance: enter its name or its address at service-now.com. The operator "
                    "lists custom domains in SERVICENOW_ALLOWED_HOSTS."
                ),
                code="host_refused",
            ) from None


class SetupForm(InstanceForm):
    """What ServiceNow gave for the instance that was chosen. The secret is write-only: it never comes back to a
    page.
    """

    grant = forms.ChoiceField(
        label=_("How the portal signs in"),
        choices=[
            (
                Grant.AUTHORIZATION_CODE,
                _("As an integration user who allows it in a browser (authorization code)"),
            ),
            (Grant.CLIENT_CREDENTIALS, _("By itself (client credentials; Washington DC and later)")),
        ],
        widget=forms.RadioSelect,
    )
    client_id = forms.CharField(label=_("Client ID"), max_length=200, widget=forms.TextInput(attrs=ONE_LINE))
    client_secret = forms.CharField(
        label=_("Client secret"),
        max_length=500,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False),
    )
    scope = forms.CharField(
        label=_("Auth scope"),
        max_length=200,
        required=False,
        help_text=_("Leave empty unless your OAuth entity asks for one by name."),
        widget=forms.TextInput(attrs=ONE_LINE),
    )

    def __init__(self, *args: Any, known: Connection | None = None, host: str = "", **kwargs: Any) -> None:
        """`host` is the instance that was chosen, if it was; what is `known` of another one is left out."""
        initial = kwargs.setdefault("initial", {})
        if known is not None and host in ("", known.instance.host):
            initial |= {"grant": known.grant, "client_id": known.client_id, "scope": known.scope}
            host = known.instance.host
        super().__init__(*args, **kwargs)
        self.initial["instance"] = host
        # The field that can be seen, and has the usual id, is that of `InstanceForm`.
        self.fields["instance"].widget = forms.HiddenInput(attrs={"id": "chosen-instance"})
        self.fields["client_secret"].required = known is None
        self.fields["client_secret"].help_text = (
            _("Leave empty to keep the one stored for this client.")
            if known is not None
            else _("Stored encrypted, and never shown again.")
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        complete = data.get("instance") and data.get("client_id")
        if complete and not (
            data.get("client_secret")
            or client_factory.kept_client_secret(data["instance"], data["client_id"])
        ):
            self.add_error("client_secret", _("Enter the client secret of this client."))
        return data


class RemovalForm(forms.Form):
    """The instance's name, typed by whoever really wants to remove the connection."""

    name = forms.CharField(label=_("Instance name"), max_length=300, widget=forms.TextInput(attrs=ONE_LINE))

    def __init__(self, *args: Any, connection: Connection, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connection = connection

    def clean_name(self) -> str:
        """The name, if it is that of the connection."""
        name: str = self.cleaned_data["name"].strip().lower()
        if name not in (self.connection.instance.name, self.connection.instance.host):
            raise forms.ValidationError(
                _("This is not the name of the connected instance."), code="other_name"
            )
        return name
