"""The small files of an output folder."""

from __future__ import annotations

from pathlib import Path

import made_up_reports as made
import pytest

from hubprune.errors import HubpruneError
from hubprune.publishing import card, folder
from hubprune.recipe import Recipe
from hubprune.report import Report

REPO = "amina/Qwen3-0.6B-sparsegpt50-sw"
SMALL = [
    *("LICENSE", "NOTICE.txt", "USE_POLICY.md", "additional_chat_templates/tool.jinja", "chat_template.jinja"),
    *("config.json", "generation_config.json", "merges.txt", "special_tokens_map.json", "tokenizer.json"),
    *("tokenizer.model", "tokenizer_config.json", "vocab.json"),
]
OTHERS = [
    *("README.md", ".gitattributes", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"),
    *("tokenizer_weights.safetensors", "modeling_own.py", "training_args.bin", "onnx/config.json", "secrets.env"),
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    for number, name in enumerate([*SMALL, *OTHERS]):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(f"{name} {number}\r\n é".encode("latin-1"))
    return root


def test_small_files_are_copied_byte_for_byte(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert folder.copy_source_files(source, out) == sorted(SMALL)
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()) == sorted(SMALL)
    assert all((out / name).read_bytes() == (source / name).read_bytes() for name in SMALL)


def test_links_of_the_cache_become_files(source: Path, tmp_path: Path) -> None:
    snapshot, out = tmp_path / "snapshot", tmp_path / "out"
    snapshot.mkdir(), out.mkdir()
    (snapshot / "config.json").symlink_to(source / "config.json")
    assert folder.copy_source_files(snapshot, out) == ["config.json"]
    assert not (out / "config.json").is_symlink()


def test_own_code_only_where_it_was_trusted(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert "modeling_own.py" in folder.copy_source_files(source, out, code=True)


def test_finish_writes_everything_and_can_be_repeated(tmp_path: Path) -> None:
    report, recipe = made.report(), made.recipe()
    folder.finish(tmp_path, report, recipe, REPO)
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert names == [
        *("README.md", "hubprune.yaml", "hubprune_results.json", "plots/blocks-dark.png", "plots/blocks-light.png"),
        *("plots/perplexity-dark.png", "plots/perplexity-light.png"),
    ]
    assert (Report.load(tmp_path), Recipe.load(tmp_path)) == (report, recipe)
    before = {name: (tmp_path / name).read_bytes() for name in names}
    folder.finish(tmp_path, report, recipe, REPO)
    assert before == {name: (tmp_path / name).read_bytes() for name in names}
    for name in names:
        if name.startswith("plots/"):
            assert f"{REPO}/resolve/main/{name}" in before["README.md"].decode()


def test_a_card_is_made_again_from_the_folder_alone(tmp_path: Path) -> None:
    folder.finish(tmp_path, made.report(), made.recipe(), REPO)
    path = tmp_path / "README.md"
    written = path.read_text(encoding="utf-8")
    edited = written.replace(card.OWN_BEGIN, f"{card.OWN_BEGIN}\n\nOurs.\n")
    path.write_text(edited.replace("## How to use", "## Overwritten"), encoding="utf-8")
    assert card.write(tmp_path) == path
    assert path.read_text(encoding="utf-8") == edited, "own text and repository are taken from the old card"


def test_nothing_private_is_written(tmp_path: Path) -> None:
    recipe = made.recipe(model="/home/me/models/m", calib="/home/me/sw.txt")
    report = made.report(recipe, model=made.model(id="m", local=True, revision=None))
    folder.finish(tmp_path, report, recipe, None)
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert b"/home" not in path.read_bytes(), path


def test_a_leak_in_the_own_text_stops_before_anything_is_written(tmp_path: Path) -> None:
    folder.finish(tmp_path, made.report(), made.recipe(), REPO)
    path = tmp_path / "README.md"
    leaky = path.read_text(encoding="utf-8").replace(card.OWN_END, "I ran it in /home/me/runs.\n" + card.OWN_END)
    path.write_text(leaky, encoding="utf-8")
    (tmp_path / "hubprune.yaml").unlink()
    with pytest.raises(HubpruneError, match=r"README.md would publish a path of this computer \(/home/me/runs"):
        folder.finish(tmp_path, made.report(), made.recipe(), REPO)
    assert not (tmp_path / "hubprune.yaml").exists()
    assert path.read_text(encoding="utf-8") == leaky
