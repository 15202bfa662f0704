"""The demo's steps, as events."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from hubprune.demo.offline import only
from hubprune.errors import OutputExists
from hubprune.events import Event, Finished, Stage
from hubprune.recipe import RECIPE_FILE, Recipe
from hubprune.report import Report

MODEL_FOLDER = Path(__file__).parent / "model"
BASE = "demo/tiny-multilingual-llama"
USER, TOKEN = "you", "hf_demo_of_hubprune"  # known to the demo's own Hub alone
LANGUAGES = ("sw", "en", "ar", "de", "es", "ru", "zh")
DEFAULT_FOLDER = Path("hubprune-demo")


@dataclass(frozen=True)
class DemoResult:
    """What the demo ends with.

    Attributes:
        report: of the pruning.
        repo_id: where it was published on the demo's Hub.
        folder: a copy of the published repository that stays when that Hub is gone.
        prompt, generation: what the published model, loaded with plain transformers, continues and how.
        checks: what was checked on the way back, one sentence each.
    """

    report: Report
    repo_id: str
    folder: Path
    prompt: str
    generation: str
    checks: list[str]


def demo_recipe() -> Recipe:
    """Swahili, with English as control, measured in all seven languages of the embedded model."""
    return Recipe(
        model=BASE,
        lang={"sw": 1.0},
        calib="demo",
        eval_text="demo",
        eval_lang=LANGUAGES,
        tasks=(),
        samples=16,
        dtype="float32",  # also on a GPU: plain transformers measures on the CPU and must find the same
    )


def run(out: Path | None = None, *, force: bool = False) -> Generator[Event, None, DemoResult]:
    """Run the loop; the published repository is copied to `out` (hubprune-demo in the current folder by default).

    Raises OutputExists where `out` holds something that no demo wrote, or anything at all unless `force` or it is
    the default folder of an earlier demo.
    """
    from hubprune.loopback import LoopbackHub, User

    folder = out or DEFAULT_FOLDER
    ours = (folder / RECIPE_FILE).is_file()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not (ours and (force or out is None)):
        raise OutputExists(f"{folder} exists and is not empty.", "Name another folder: hubprune demo FOLDER")
    with tempfile.TemporaryDirectory(prefix="hubprune-demo-") as temporary:
        root = Path(temporary)
        yield Stage("start", "Starting a Hub on this machine and putting the embedded model there")
        with LoopbackHub(root / "hub", users={TOKEN: User(USER)}) as server, only(server.endpoint, root / "home"):
            from hubprune.demo.readback import read_back
            from hubprune.hub import connect
            from hubprune.run import push

            server.add_repo(BASE, MODEL_FOLDER)
            hub = connect(endpoint=server.endpoint, token=TOKEN, cache_dir=root / "home" / "hub")
            report, published = yield from _without_finish(push(demo_recipe(), hub=hub, command="hubprune demo"))
            yield Stage("verify", f"Pulling {published.repo_id} back with plain transformers")
            back = read_back(server.environment(TOKEN), published.repo_id, root / "back", report)
            if folder.exists():
                shutil.rmtree(folder)
            shutil.copytree(back.folder, folder, ignore=shutil.ignore_patterns(".cache", ".gitattributes"))
    yield Finished(report, folder)
    return DemoResult(report, published.repo_id, folder, back.prompt, back.generation, back.checks)


def _without_finish(events: Generator[Event, None, tuple]) -> Generator[Event, None, tuple]:
    """Pass events on but the inner run's Finished: the demo is not at its end there."""
    while True:
        try:
            event = next(events)
        except StopIteration as stop:
            return stop.value
        if not isinstance(event, Finished):
            yield event
