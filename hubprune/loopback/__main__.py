"""Run the loopback Hub by itself: ``python -m hubprune.loopback --root FOLDER``.

Prints one line of JSON (endpoint, storage, tokens, xet), then serves until interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

from .server import LoopbackHub


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, print where the Hub is, and serve."""
    parser = argparse.ArgumentParser(prog="python -m hubprune.loopback", description="A Hugging Face Hub on loopback.")
    parser.add_argument("--root", type=Path, required=True, help="folder of the Hub's state; made if it does not exist")
    parser.add_argument("--port", type=int, default=0, help="port of the Hub (default: any free one)")
    parser.add_argument("--xet", action="store_true", help="take and give large files through Xet storage")
    options = parser.parse_args(arguments)
    hub = LoopbackHub(options.root, xet=options.xet, port=options.port)
    facts = {"endpoint": hub.endpoint, "storage": hub.storage, "tokens": sorted(hub.users), "xet": hub.xet}
    print(json.dumps(facts), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        hub.run()


if __name__ == "__main__":
    main()
