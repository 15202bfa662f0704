"""Random faults over pull and push on the loopback Hub: python hub_faults.py [TRIALS] [SEED]

Each trial meets one to three faults at random requests, some of which stay; some downloads are corrupted. Afterwards
the same call must complete, and nothing may be lost, committed twice or public before it is complete.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent.parent))
import conftest  # noqa: F401  # first: it shuts the network and cleans the environment
import huggingface_hub.file_download
import huggingface_hub.utils._http
from hub.test_faults_everywhere import FAULTS, GARBLED, LONG, SHORT, Pull, Push, fails_well, requests_of

from hubprune.hub import retry, session
from hubprune.loopback import LoopbackHub


def main(trials: int, seed: int) -> None:
    chance, clock = random.Random(seed), SimpleNamespace(sleep=lambda seconds: None)
    retry.time = huggingface_hub.utils._http.time = huggingface_hub.file_download.time = clock
    session.LONGEST_SILENCE = SHORT
    faults = [*FAULTS.values(), *GARBLED.values(), {"status": 401}, {"status": 404}]
    lost: list[str] = []
    told = 0
    with tempfile.TemporaryDirectory() as work:
        for way in (Pull, Push):
            with LoopbackHub(Path(work) / f"server-{way.__name__}") as server:
                job = way(server, Path(work) / way.__name__)
                count = len(requests_of(job))
                for trial in range(trials // 2):
                    job.prepare()
                    given = []
                    for _ in range(chance.randint(1, 3)):
                        fault = chance.choice(faults)
                        stays = fault.get("kind") != "stall" and chance.random() < 0.3
                        given.append(fault | {"skip": chance.randrange(count), "times": 999 if stays else 1})
                        server.fault("*", **given[-1])
                    if chance.random() < 0.3:
                        given.append({"kind": "corrupt", "after": 5, "times": chance.choice((1, 2, 99))})
                        server.fault(chance.choice(("GET /_cdn/", "GET /acme/base/resolve/")), **given[-1])
                    try:
                        told += fails_well(job) is not None
                    except Exception as error:
                        server.clear_faults()
                        lost.append(f"{way.__name__} {trial} {given}: {type(error).__name__}: {error}")
    print(*lost, sep="\n", end="\n" if lost else "")
    print(
        f"{trials} trials with faults (a stall lasts {LONG} s): {told} told in one sentence and completed by the same"
    )
    print(f"call, {trials - told - len(lost)} got over, {len(lost)} lost or half public")
    sys.exit(bool(lost))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
