"""How long a visitor of the Space waits: `python benchmarks/space.py [ROUNDS]`.

First usable paint: from asking for the page to a field that can be filled in and a button for the embedded model.
Click to plan: from the click on that model to the plan with its figures. The first of each round is a new visitor's.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "docs"), str(Path(__file__).parents[1])]


def main(rounds: int) -> None:
    """Median and largest of some visits, after one that is not counted."""
    from screenshots import chromium, page

    paints, plans = [], []
    with page() as address, chromium() as browser:
        for visit in range(rounds + 1):
            context = browser.new_context()
            tab = context.new_page()
            tab.set_default_timeout(120_000)
            start = time.perf_counter()
            tab.goto(address)
            tab.wait_for_selector("#hits button[data-model]")
            tab.wait_for_selector("#model input:enabled, #model textarea:enabled")
            painted = time.perf_counter()
            tab.wait_for_selector("[data-state=signed-out]")
            clicked = time.perf_counter()
            tab.click("#hits button[data-model]")
            tab.wait_for_selector("#card .facts")
            if visit:
                paints.append(painted - start)
                plans.append(time.perf_counter() - clicked)
            context.close()
    for name, found in (("first usable paint", paints), ("click to plan", plans)):
        print(f"{name:20} median {statistics.median(found):.2f} s, longest {max(found):.2f} s of {rounds}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
