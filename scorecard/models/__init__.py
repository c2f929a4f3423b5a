"""What is stored of Microsoft Secure Score, the plans for its actions, the rules for points and texts. Calls nobody.

May import: accounts.
"""

from scorecard.models.import_state import ImportState
from scorecard.models.score import ActionPlan, ImprovementAction, ImprovementActionQuerySet
from scorecard.models.score_days import HISTORY, ControlScoreDay, ScoreDay, StatusText

__all__ = [
    "HISTORY",
    "ActionPlan",
    "ControlScoreDay",
    "ImportState",
    "ImprovementAction",
    "ImprovementActionQuerySet",
    "ScoreDay",
    "StatusText",
]
