"""How Aozora's scores move: a pure function of the day, so that yesterday is told the same way tomorrow.

Graph keeps 90 days. A season lasts 89, the number of steps between 90 days, so whichever day is today, each
turn of a story is in sight. Each season starts with new seasonal staff and coverage falls; work wins it back.
Leaving, joining and new maxima happen on a season's first day and are undone one season later.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

SEASON = timedelta(days=89)
DAYS_KEPT = 90


def season_and_day(on: date) -> tuple[int, int]:
    """The season's running number, and the day within it from 0 to 88."""
    return divmod(on.toordinal(), SEASON.days)


@dataclass(frozen=True)
class Life:
    """What happens to one control's score.

    `turns` are (day of the season, per cent from that day on); before the first turn the last one still
    holds. With `slow` the per cent moves in a straight line from each turn to the next.
    """

    turns: tuple[tuple[int, float], ...]
    slow: bool = False
    present: Literal["always", "even seasons", "odd seasons"] = "always"

    def is_present(self, on: date) -> bool:
        """Whether Microsoft scored this control on that day at all."""
        season, _ = season_and_day(on)
        return self.present == "always" or (self.present == "even seasons") == (season % 2 == 0)

    def percent(self, on: date) -> float:
        """How much of the control is done on that day, 0 to 100."""
        _, day = season_and_day(on)
        passed = [turn for turn in self.turns if turn[0] <= day] or [self.turns[-1]]
        started, percent = passed[-1]
        ahead = [turn for turn in self.turns if turn[0] > day]
        if not (self.slow and ahead and started <= day):
            return percent
        reached, goal = ahead[0]
        return percent + (goal - percent) * (day - started) / (reached - started)
