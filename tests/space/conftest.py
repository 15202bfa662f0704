"""One app and one Hub for all tests of the Space, and a browser where there is one."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from visitors import ROOT, Site, Visitor, serve, visiting

from hubprune.demo.loop import BASE

MISSING = "The browser tests need Debian's package `chromium` and the extra `browser` (pip install '.[browser]')."
pytest.importorskip("gradio", reason="The tests of the Space need the extra `space`.")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The Space as it runs for its visitors."""
    with serve(tmp_path_factory.mktemp("space"), [str(ROOT / "space" / "app.py")]) as one:
        yield one


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip(MISSING)
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        pytest.skip(MISSING)
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Any, site: Site) -> Iterator[Callable[..., Visitor]]:
    """Opens the page for a new visitor; at the end nobody may have complained, and nobody been asked but the Space."""
    yield from visiting(browser, site)


@pytest.fixture
def job(tmp_path: Path) -> Any:
    """What a slice of the page's own runs is given: the embedded model, measured in one language."""
    sys.path.insert(0, str(ROOT / "space"))
    from hubprune_space import gpu, hubs
    from hubprune_space.forms import Form

    recipe = Form(model=BASE).recipe().replace(control=None, eval_lang=("sw",), eval_samples=2, samples=4)
    return gpu.Job(recipe, tmp_path / "result", hubs.shelf().endpoint, None, tmp_path / "cache" / "hub", 5.0, None)
