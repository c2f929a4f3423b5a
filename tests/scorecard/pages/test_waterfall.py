"""Where the bars of a waterfall stand."""

from scorecard.pages.waterfall import waterfall


def test_each_bar_begins_where_the_one_before_it_ended() -> None:
    drawing = waterfall(50, [30, -20, 0])
    gain, loss, nothing = drawing.bars
    assert (drawing.first, gain.start, gain.end) == ("3.00%", "3.00%", "97.00%")
    assert (gain.left, gain.width, gain.is_loss) == ("3.00%", "94.00%", False)
    assert (loss.start, loss.left, loss.width, loss.is_loss) == ("97.00%", "34.33%", "62.67%", True)
    assert nothing.start == nothing.end == drawing.last == "34.33%"
    assert nothing.width == "0.80%"


def test_without_a_change_everything_stands_in_the_middle() -> None:
    assert waterfall(50, []).first == waterfall(50, []).last == "50.00%"
    assert waterfall(0, [0]).bars[0].start == "50.00%"
