"""The plots: the same bytes for the same report, and any numbers can be drawn."""

from __future__ import annotations

import dataclasses
import math
import sys
from pathlib import Path

import made_up_reports as made
import matplotlib
import pytest
from PIL import Image

from hubprune.publishing import block_plot, card, cost_plot, plots
from hubprune.publishing.theme import DARK, LIGHT, Theme, figure, pair, save
from hubprune.report import PRUNED, Report

ALL = ["perplexity-light.png", "perplexity-dark.png", "blocks-light.png", "blocks-dark.png"]


def test_bytes_depend_on_the_report_alone(tmp_path: Path) -> None:
    first = plots.draw(made.report(), tmp_path / "a")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        second = plots.draw(made.report(), tmp_path / "b")
        assert matplotlib.rcParams["font.size"] == 30, "the caller's settings come back"
    assert [path.name for path in first] == ALL
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    for path in first:
        with Image.open(path) as image:
            assert image.width == 1600
            assert set(image.info) <= {"dpi"}, "no dates, no program"
    assert "matplotlib.pyplot" not in sys.modules


def test_light_and_dark_pages(tmp_path: Path) -> None:
    plots.draw(made.report(), tmp_path)
    for name, light in (("perplexity-light.png", True), ("blocks-dark.png", False)):
        with Image.open(tmp_path / name) as image:
            corner = image.convert("L").getpixel((2, 2))
            assert (int(str(corner)) > 200) is light


def test_another_report_is_another_picture(tmp_path: Path) -> None:
    plots.draw(made.report(), tmp_path / "a")
    plots.draw(made.seven(), tmp_path / "b")
    assert all((tmp_path / "a" / name).read_bytes() != (tmp_path / "b" / name).read_bytes() for name in ALL)


def test_what_has_no_numbers_is_not_drawn_and_old_plots_go(tmp_path: Path) -> None:
    plots.draw(made.report(), tmp_path)
    report = made.report(blocks=[])
    assert plots.kinds(report) == ["perplexity"]
    assert [path.name for path in plots.draw(report, tmp_path)] == ALL[:2]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(ALL[:2])
    assert plots.draw(made.bare()[0], tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_both_plots_have_the_order_of_the_table() -> None:
    codes = ["zh", "en", "sw", "ar"]
    rows = [made.language(code, target=code == "sw") for code in codes]
    report = made.report(languages=rows, blocks=made.blocks(["ar", "sw", "en", "zh"]))
    assert block_plot.languages_of(report) == ["sw", "zh", "en", "ar"]
    assert [row.language for row in cost_plot.rows_of(report)] == ["sw", "zh", "en", "ar"]


def test_the_scale_of_the_errors_is_named() -> None:
    drawn = block_plot.figure_of(made.report(), LIGHT)
    assert "relative output error (log scale)" in [label.get_text() for label in drawn.texts]


def test_blocks_are_counted_from_one() -> None:
    report = made.report()
    assert [block for block, _ in block_plot.lines_of(report)[PRUNED, "sw"]] == list(range(1, 29))
    axes = block_plot.figure_of(report, LIGHT).axes[0]
    assert list(axes.get_xticks()) == [1, 10, 20]
    assert 0 < axes.get_xlim()[0] < 1
    assert block_plot.COUNTED in card.render(report, made.recipe(), repo_id=None)


@pytest.mark.parametrize(
    ("blocks", "most", "named"),
    [(2, 4, [1, 2]), (4, 4, [1, 2, 3, 4]), (8, 4, [1, 3, 5, 7]), (24, 4, [1, 5, 10, 15, 20]), (126, 6, [1, 20, 40])],
)
def test_an_axis_begins_with_block_1(blocks: int, most: int, named: list[int]) -> None:
    found = block_plot.ticks(blocks, most)
    assert found[: len(named)] == named
    assert len(found) <= most + 2


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_control_in_the_same_place_shows_around_the_dot(tmp_path: Path, theme: Theme) -> None:
    drawn = figure(2, 2, theme)
    axes = drawn.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    pair(axes, 0.5, 0.5, 0.5, theme)
    save(drawn, tmp_path / "dots.png")
    with Image.open(tmp_path / "dots.png") as image:
        colours = image.convert("RGB").getcolors(image.width * image.height) or []
    counts = {"#" + "".join(f"{part:02x}" for part in colour): number for number, colour in colours}  # type: ignore[union-attr]
    assert counts[theme.target] > 100
    assert counts[theme.control] > 100


def extreme(ratio: float, error: float | None) -> Report:
    rows = [made.language(code, target=code == "sw", control=error is None) for code in ("sw", "en")]
    score = dataclasses.replace(rows[0].scores[PRUNED], ratio=ratio, ratio_se=error)
    rows[0] = dataclasses.replace(rows[0], scores={**rows[0].scores, PRUNED: score})
    blocks = made.blocks(["sw"], number=2, control=False)
    blocks[0] = dataclasses.replace(blocks[0], relative_error=1e-9, snr_db=None)
    return made.report(languages=rows, blocks=blocks)


@pytest.mark.parametrize("ratio", [1.0, 0.4, 3.7, 8.2e6, math.inf, math.nan, 0.0])
@pytest.mark.parametrize("error", [None, 0.3, 40.0, math.nan])
@pytest.mark.filterwarnings("error")
def test_extreme_numbers_can_be_drawn(tmp_path: Path, ratio: float, error: float | None) -> None:
    plots.draw(extreme(ratio, error), tmp_path)
