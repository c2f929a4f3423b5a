"""Where an action stands, by its points and its plan. Pure: the same for a row of the model and for bare columns."""

from scorecard.models.choices import Status
from scorecard.models.rounding import has_reached


def is_completed(score: float | None, max_score: float | None) -> bool:
    """Whether a scored action has all its points. An unknown maximum is never reached."""
    if score is None or max_score is None:
        return False
    return max_score > 0 and has_reached(score, max_score)


def is_regressed(score: float | None, previous_score: float | None) -> bool:
    """Whether the latest change of a scored action lost points."""
    return score is not None and previous_score is not None and not has_reached(score, previous_score)


def status_of(
    *, is_scored: bool, score: float | None, max_score: float | None, planned: str | None
) -> Status:
    """Say where an action stands: what the points say comes before what the organisation `planned`."""
    if not is_scored:
        return Status.NOT_APPLICABLE
    if is_completed(score, max_score):
        return Status.COMPLETED
    return Status(planned) if planned else Status.TO_ADDRESS


def impact_of(
    *, is_scored: bool, score: float | None, max_score: float | None, total: float | None
) -> float | None:
    """Return the points still available in per cent of `total`, the maximum of the whole score; None where anything is
    unknown. Lists have a database compute it (`ImprovementActionQuerySet.with_impact`).
    """
    if not total or total <= 0 or not is_scored or max_score is None or score is None:
        return None
    return 0.0 if has_reached(score, max_score) else (max_score - score) * 100.0 / total
