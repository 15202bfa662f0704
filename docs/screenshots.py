"""The pictures of the Space in README and docs: `python docs/screenshots.py [FOLDER [all]]`.

Starts the page offline, goes through it as a visitor does, and photographs it. Without `all` only the pictures that are
kept in docs/space; with it every screen at 390, 768 and 1440 pixels, light and dark.
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
WIDTHS = {390: 844, 768: 1024, 1440: 900}
KEPT = {("choose", 1440, False), ("look", 1440, False), ("look", 390, True)}
LONGEST = 2600  # pixels of a picture that is kept


@contextmanager
def page(**more: str) -> Iterator[str]:
    """The address of the Space, started for the time of the block; `more`: variables of its environment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        settings = {"GRADIO_SERVER_PORT": str(port), "HUBPRUNE_SPACE_FOLDER": folder, "TMPDIR": folder}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        app = subprocess.Popen(
            [sys.executable, str(ROOT / "space" / "app.py")],
            env={**kept, **settings, **more},
            stdout=subprocess.DEVNULL,
        )
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)):
                if app.poll() is not None:
                    raise SystemExit("the Space did not start")
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            app.terminate()
            app.wait()


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        yield opened
        opened.close()


def photograph(tab: Any, name: str, folder: Path, everything: bool) -> None:
    """One screen in its widths and modes, as small PNG files."""
    from PIL import Image

    tab.mouse.move(0, 0)  # nothing looks hovered over
    for width, height in WIDTHS.items():
        for dark in (False, True):
            if not everything and (name, width, dark) not in KEPT:
                continue
            tab.set_viewport_size({"width": width, "height": height})
            tab.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
            tab.wait_for_timeout(400)
            image = Image.open(io.BytesIO(tab.screenshot(full_page=True)))
            image = image.crop((0, 0, image.width, min(image.height, LONGEST)))
            target = folder / f"{name}-{width}-{'dark' if dark else 'light'}.png"
            image.convert("RGB").quantize(128).save(target, optimize=True)
    tab.evaluate("document.body.classList.remove('dark')")
    tab.set_viewport_size({"width": 1440, "height": 900})


def main(folder: Path, everything: bool) -> None:
    """Through the whole page."""
    folder.mkdir(parents=True, exist_ok=True)
    with page() as address, chromium() as browser:
        tab = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce").new_page()
        tab.set_default_timeout(180_000)
        tab.goto(address)
        tab.wait_for_selector("[data-state=signed-out]")
        tab.click("#login")
        tab.wait_for_function("document.querySelector('#login')?.innerText.includes('Sign out')")
        tab.click("#hits button[data-model]")
        tab.wait_for_selector("#prune:visible")
        tab.click("#advanced > button")
        for language in ("Arabic", "Chinese", "German", "Spanish", "Russian"):
            tab.fill("input[aria-label*='Measure']", language)
            tab.wait_for_timeout(300)
            tab.keyboard.press("Enter")
        tab.click("#advanced > button")
        tab.wait_for_selector("#card :text('Arabic')")
        photograph(tab, "choose", folder, everything)
        tab.click("#prune")
        tab.wait_for_selector("#work .blocks i.done")
        photograph(tab, "prune", folder, everything)
        tab.wait_for_selector("#look .result-head")
        tab.click("#write")
        tab.wait_for_selector("#written [aria-busy=false]")
        photograph(tab, "look", folder, everything)
        tab.click("#publish")
        tab.wait_for_selector("[data-state=published]")
        photograph(tab, "published", folder, everything)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "space", "all" in sys.argv[2:])
