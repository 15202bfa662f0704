"""`hubprune compare`: two real models on a terminal, in a pipe and as JSON; what a terminal must never be given."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_up_results import plain
from rich.console import Console
from safetensors.torch import load_file, save_file

import hubprune
from hubprune.cli import side_by_side
from hubprune.cli.compare import languages_of
from hubprune.cli.side_by_side import Tail, is_right_to_left, page, shown, tab_separated
from hubprune.events import Said
from hubprune.report import DENSE, PRUNED, Sample
from hubprune.run.compare import Comparison

SHORT = ("--new-tokens", "12", "--device", "cpu")


@pytest.fixture(scope="module")
def sparse(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's model without half of its inputs in two blocks."""
    folder = Path(shutil.copytree(model_folder, tmp_path_factory.mktemp("models") / "sparse"))
    weights = load_file(folder / "model.safetensors")
    for name, weight in weights.items():
        if ".layers.1." in name and weight.dim() == 2:
            weight[:, ::2] = 0
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def expected(model_folder: Path, sparse: Path) -> Comparison:
    """What the two write; the public function, listened to."""
    said: list[Said] = []
    listen = lambda event: said.append(event) if isinstance(event, Said) else None  # noqa: E731
    prompts = ["Katika nchi yetu", "In our country"]
    found = hubprune.compare(str(model_folder), str(sparse), prompts, new_tokens=12, device="cpu", on_event=listen)
    for number, sample in enumerate(found.samples):
        for lane, text in sample.texts.items():
            assert "".join(one.text for one in said if (one.lane, one.prompt) == (lane, number)) == text
    # A token of one, a token of the other.
    assert [one.lane for one in said[:6]] == [DENSE, PRUNED] * 3
    assert [one.prompt for one in said] == sorted(one.prompt for one in said)
    return found


def test_the_two_write_differently(expected: Comparison, model_folder: Path) -> None:
    assert expected.models == {DENSE: model_folder.name, PRUNED: "sparse"}
    assert expected.revisions == {DENSE: None, PRUNED: None}
    for sample in expected.samples:
        assert sample.texts[DENSE] != sample.texts[PRUNED]


def test_json(cli: Callable, model_folder: Path, sparse: Path, expected: Comparison) -> None:
    prompts = [word for sample in expected.samples for word in ("-p", sample.prompt)]
    answer = cli("compare", str(model_folder), str(sparse), *prompts, *SHORT, "--json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert [Sample(**sample) for sample in found["samples"]] == expected.samples
    assert (found["new_tokens"], found["models"]) == (12, expected.models)
    assert answer.err.endswith(f"Next: hubprune eval {sparse} --against {model_folder} --lang sw\n")


def test_programs_get_a_line_for_each_text(cli: Callable, model_folder: Path, sparse: Path) -> None:
    answer = cli("compare", str(model_folder), str(sparse), "--lang", "Swahili", "-p", "a\tb", *SHORT)
    assert answer.code == 0, answer.err
    head, *lines = answer.out.splitlines()
    assert head == "lane\tmodel\tprompt\ttext"
    assert len(lines) == 2 * 6
    assert lines[0].startswith("dense\tmodel\ta\\tb\t")
    assert all(line.count("\t") == 3 for line in lines)


def test_quiet_gives_the_pruned_models_texts(
    cli: Callable, model_folder: Path, sparse: Path, expected: Comparison
) -> None:
    answer = cli("compare", str(model_folder), str(sparse), "-p", expected.samples[0].prompt, *SHORT, "-q")
    assert (answer.code, answer.out, answer.err) == (0, expected.samples[0].texts[PRUNED] + "\n", "")


def test_a_terminal_shows_both_while_they_grow(
    terminal: Callable, model_folder: Path, sparse: Path, expected: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr("rich.live.Live.update", lambda live, tail: seen.append(drawn(tail, 80)))
    prompts = [word for sample in expected.samples for word in ("-p", sample.prompt)]
    answer = terminal("compare", str(model_folder), str(sparse), *prompts, *SHORT)
    assert answer.code == 0, answer.err
    out = "\n".join(line.rstrip() for line in answer.out.splitlines())
    for sample in expected.samples:
        assert drawn(page(sample, (str(model_folder), str(sparse)), 80), 80) in out
    # Pieces without text (characters that are not complete) draw nothing new.
    growing = list(dict.fromkeys(seen))
    assert len(growing) > 20
    assert all(len(line) <= 80 for one in growing for line in one.splitlines())


@pytest.mark.parametrize(("words", "sentence"), [
    (("-p", "  "), "A prompt is missing or empty."),
    (("-p", "a", "--new-tokens", "0"), "0 new tokens are nothing to compare."),
    (("--lang", "haw"), "hubprune has no prompts in Hawaiian."),
    (("--lang", "swahilli"), "No language is called 'swahilli'."),
    (("-p", "maji " * 300), "tokens; with 60 new ones it exceeds the 256 tokens that the model was made for."),
])  # fmt: skip
def test_words_that_make_no_sense(cli: Callable, model_folder: Path, words: tuple[str, ...], sentence: str) -> None:
    answer = cli("compare", str(model_folder), str(model_folder), *words, "--device", "cpu")
    assert answer.code == 2
    assert sentence in answer.err


def test_two_models_that_do_not_fit_together(
    cli: Callable, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubprune.estimate.free_memory", lambda: 30_000_000)  # one alone takes 20.5 MB
    answer = cli("compare", str(model_folder), str(model_folder), "-p", "a", "--device", "cpu")
    assert answer.code == 1
    assert "The two models need about 41 MB of memory whole; 30 MB are free." in answer.err
    assert "Loading" not in answer.err


def test_a_missing_second_model_is_told_before_the_first_is_loaded(cli: Callable, model_folder: Path) -> None:
    answer = cli("compare", str(model_folder), "./missing", "-p", "a", "--device", "cpu")
    assert answer.code == 1
    assert "There is no folder ./missing." in answer.err
    assert "Loading" not in answer.err


def test_ctrl_c_leaves_what_is_written(
    terminal: Callable, model_folder: Path, sparse: Path, expected: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = iter(range(100))

    def stop(live: Any, tail: Tail) -> None:
        if next(count) == 9:
            raise KeyboardInterrupt

    monkeypatch.setattr("rich.live.Live.update", stop)
    answer = terminal("compare", str(model_folder), str(sparse), "-p", "Katika nchi yetu", *SHORT)
    assert answer.code == 130
    begun = expected.samples[0].texts[DENSE].strip()[:6]
    assert begun in answer.out
    assert "To go on:" in answer.err


def test_the_next_command_measures_the_languages_of_the_folder(tmp_path: Path) -> None:
    assert languages_of("org/model") == languages_of(str(tmp_path)) == "sw"
    hubprune.Recipe("org/base", lang="ar,en").save(tmp_path)
    (tmp_path / "hubprune_results.json").write_text("{}")
    assert languages_of(str(tmp_path)) == "ar,en"


# The picture


def drawn(thing: Any, width: int, height: int = 25) -> str:
    """The thing on a terminal, without colours and blanks at the lines' ends."""
    stream = io.StringIO()
    Console(file=stream, width=width, height=height, force_terminal=True, highlight=False).print(thing)
    return "\n".join(line.rstrip() for line in plain(stream.getvalue()).splitlines()).strip()


def sample(one: str, other: str) -> Sample:
    return Sample("Mvua", {DENSE: one, PRUNED: other})


NAMES = ("org/dense", "org/sparse")


def test_columns() -> None:
    assert drawn(page(sample(" maji " * 9, " mto"), NAMES, 70), 70) == (
        "Mvua\n"
        "org/dense                          org/sparse\n"
        "maji  maji  maji  maji  maji       mto\n"
        "maji  maji  maji  maji"
    )
    assert drawn(page(sample("", "x"), NAMES, 70), 70).splitlines()[2].split() == ["—", "x"]


def test_wide_characters_keep_the_columns() -> None:
    lines = drawn(page(sample("雨が降る" * 9, "b" * 50), NAMES, 70), 70).splitlines()
    from rich.cells import cell_len

    at = {cell_len(line.partition("b")[0]) for line in lines[2:4]}
    assert at == {35}


@pytest.mark.parametrize(("text", "width"), [("plain", 63), ("وعندما ينزل المطر", 80), ("שלום", 200)])
def test_narrow_screens_and_right_to_left_text_have_blocks(text: str, width: int) -> None:
    found = drawn(page(sample(text, "sparse text"), NAMES, width), width)
    assert found == f"Mvua\norg/dense\n{text}\norg/sparse\nsparse text"


def test_only_the_end_of_a_long_text_is_drawn_while_it_grows() -> None:
    long = page(sample("\n".join(map(str, range(100))), "x"), NAMES, 80)
    lines = drawn(Tail(long), 80, height=10).splitlines()
    assert len(lines) == 10 - side_by_side.BELOW - 1  # the last is the empty line below the texts
    assert lines[-1].split() == ["99"]


def test_a_text_cannot_steer_the_terminal() -> None:
    assert shown("a\x1b[2Jb\x07\r\nc\td\u202ee\x9b") == "a\ufffd[2Jb\ufffd\nc    de\ufffd"
    assert shown("می‌رود 👩‍🌾") == "می‌رود 👩‍🌾"  # joiners are letters' own
    found = Comparison({DENSE: "m", PRUNED: "n"}, {}, 5, [sample("a\x1b[2J\r", "c\\d\ne")])
    assert tab_separated(found).splitlines()[1:] == ["dense\tm\tMvua\ta\ufffd[2J\ufffd", "pruned\tn\tMvua\tc\\\\d\\ne"]
    assert not is_right_to_left("maji 水 123")
