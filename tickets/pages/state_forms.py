"""The form of the ticket state names: for each state a name and a meaning."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tickets.configuration.state_names import Choice, State
from tickets.models.choices import Kind, NormalizedState

LONGEST_LABEL = 100
# The others are worked out from more than the state.
CHOSEN_BY_HAND = (
    NormalizedState.NEW,
    NormalizedState.IN_PROGRESS,
    NormalizedState.ON_HOLD,
    NormalizedState.RESOLVED,
    NormalizedState.CLOSED,
    NormalizedState.CANCELED,
)


class StateNamesForm(forms.Form):
    """One pair of fields for each state; empty fields mean the default."""

    def __init__(self, *args: Any, states: Sequence[State], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.states = states
        for state in states:
            self.fields[f"label:{state.key}"] = _label_field(state)
            self.fields[f"meaning:{state.key}"] = _normalized_state_field(state)

    def groups(self) -> Iterator[tuple[str, list[tuple[State, forms.BoundField, forms.BoundField]]]]:
        """The states of each table with their fields."""
        for kind in Kind:
            rows = [
                (state, self[f"label:{state.key}"], self[f"meaning:{state.key}"])
                for state in self.states
                if state.kind == kind
            ]
            yield str(kind.label), rows

    def wanted(self) -> dict[str, Choice]:
        """What was entered, by the states' keys."""
        return {
            state.key: Choice(
                self.cleaned_data[f"label:{state.key}"], self.cleaned_data[f"meaning:{state.key}"]
            )
            for state in self.states
        }


def _label_field(state: State) -> forms.CharField:
    return forms.CharField(
        label=_about(state, pgettext("ticket state", "our name")),
        required=False,
        max_length=LONGEST_LABEL,
        initial=state.ours,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "class": "input", "placeholder": state.default_name}
        ),
    )


def _normalized_state_field(state: State) -> forms.ChoiceField:
    default = _("Default: %(meaning)s") % {"meaning": state.default_normalized_state.label}
    return forms.ChoiceField(
        label=_about(state, pgettext("ticket state", "meaning")),
        required=False,
        choices=[
            ("", default),
            *((normalized_state.value, normalized_state.label) for normalized_state in CHOSEN_BY_HAND),
        ],
        initial=state.normalized_state,
        widget=forms.Select(attrs={"class": "input input--select"}),
    )


def _about(state: State, what: str) -> str:
    return f"{state.kind.label}, {state.theirs or state.value}: {what}"
