"""The Space as it is uploaded: everything the page needs, and requirements that the Hub can install."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from hubprune import __version__
from hubprune.errors import HubpruneError
from hubprune.hub.space import HARDWARE, MARK
from hubprune.spaces.folder import assemble, requirements
from hubprune.spaces.wheel import space_folder

NEEDS = [
    "torch<3,>=2.9",
    "transformers<6,>=5.21",
    "lm-eval<0.5,>=0.4.13; extra == 'eval'",
    'hatchling>=1.25; extra == "test"',
    "gradio[oauth]<7,>=6.31; extra == 'space'",
    "hubprune[eval]; extra == 'space'",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Space, put together."""
    folder = tmp_path_factory.mktemp("space")
    assemble(folder)
    return folder


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_it_is_the_page_and_the_wheel_and_nothing_else(folder: Path) -> None:
    source = space_folder()
    own = {name for name in names(source) if "__pycache__" not in name}
    assert names(folder) == own | {f"hubprune-{__version__}-py3-none-any.whl"}
    assert {"app.py", "README.md", "requirements.txt", MARK} <= own
    assert all((folder / name).read_bytes() == (source / name).read_bytes() for name in own - {"requirements.txt"})


def test_the_hub_reads_what_it_must_from_the_readme(folder: Path) -> None:
    _, head, _ = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    facts = yaml.safe_load(head)
    assert (facts["sdk"], facts["app_file"], facts["suggested_hardware"]) == ("gradio", "app.py", HARDWARE)
    assert facts["hf_oauth"] is True
    assert set(facts["hf_oauth_scopes"]) == {"contribute-repos", "gated-repos"}  # the least that does
    assert re.fullmatch(r"3\.1[1-9]", facts["python_version"])
    assert re.fullmatch(r"6\.\d+\.\d+", facts["sdk_version"])
    assert len(facts["short_description"]) <= 60


def test_requirements_name_what_hubprune_needs_and_no_file(folder: Path) -> None:
    """Where the Hub installs them, requirements.txt is all there is of the repository; torch is the platform's."""
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    named = {re.match(r"[\w-]+", line)[0] for line in lines if not line.startswith("#")}  # type: ignore[index]
    assert {"transformers", "huggingface-hub", "datasets", "safetensors", "lm-eval"} <= named
    assert not {"torch", "hubprune", "pytest", "hatchling"} & named
    assert not [line for line in lines if ".whl" in line or ";" in line]


def test_hubprune_is_replaced_by_what_it_needs() -> None:
    text = "# kept\nspaces\nhubprune[eval]\ntransformers<6,>=5.21\n"
    assert requirements(text, NEEDS) == "# kept\nspaces\ntransformers<6,>=5.21\nlm-eval<0.5,>=0.4.13\n"
    assert requirements("hubprune", NEEDS) == "transformers<6,>=5.21\n"
    nested = "transformers<6,>=5.21\ngradio[oauth]<7,>=6.31\nlm-eval<0.5,>=0.4.13\n"
    assert sorted(requirements("Hubprune [space, eval] >= 1", NEEDS).split()) == sorted(nested.split())


def test_requirements_without_hubprune_are_a_mistake() -> None:
    with pytest.raises(HubpruneError, match="does not name hubprune"):
        requirements("hubprune-extras\n", NEEDS)


def test_leftovers_stay_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, built: Path) -> None:
    source = tmp_path / "source"
    (source / "__pycache__").mkdir(parents=True)
    for name in ("app.py", ".env", "hubprune-0.0.1-py3-none-any.whl", "__pycache__/app.pyc"):
        (source / name).write_text("")
    (source / "requirements.txt").write_text("hubprune\n")
    monkeypatch.setattr("hubprune.spaces.folder.space_folder", lambda: source)
    monkeypatch.setattr("hubprune.spaces.folder.make_wheel", lambda folder: built)
    assemble(tmp_path / "space")
    assert names(tmp_path / "space") == {"app.py", "requirements.txt"}
