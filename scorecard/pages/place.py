from accounts.requests import PersonRequest
from scorecard.models import ImprovementActionQuerySet
from scorecard.pages.action_filter import ActionFilter, for_sorting
from scorecard.pages.neighbors import Pages, SortedList, list_asked
from scorecard.pages.sorting import ActionSorting

_PAGES = Pages("scorecard:actions", "scorecard:action", "control_id")


def list_of(request: PersonRequest, total: float | None) -> SortedList[ImprovementActionQuerySet] | None:
    """Return the list of actions that one came from; None where one came from none. `total` is for the score impact."""
    asked = list_asked(request)
    if asked is None:
        return None
    sorting = ActionSorting(asked.get("sort", ""))
    rows = ActionFilter(asked, person=request.user).select()
    return SortedList(
        asked, rows, sorting, pages=_PAGES, prepare=lambda actions: for_sorting(actions, sorting, total)
    )
