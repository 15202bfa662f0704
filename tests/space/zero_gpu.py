"""The Space as it runs on ZeroGPU: the real package `spaces` with its workers, and a device service on loopback.

`python tests/space/zero_gpu.py SERVICE_URL APP` starts APP so. What needs a GPU is left out, and nothing else: the
worker's first touch of CUDA, and moving weights there. In the program's main process torch pretends to have CUDA and
refuses to use it, as it does on the Hub; in the workers, which are forked, it is torch without a GPU.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Devices:
    """The service that hands GPUs out: who asked for how long, and who has one.

    Attributes:
        asked: seconds of each request, in order.
        left: seconds of quota, from which each use is taken; None: no limit.
        on_worker: called with the process id of each worker that begins.
    """

    left: float | None = None
    on_worker: Callable[[int], None] | None = None
    asked: list[float] = field(default_factory=list)
    workers: list[int] = field(default_factory=list)
    released: list[bool] = field(default_factory=list)  # whether each use failed
    _running: dict[str, int] = field(default_factory=dict)  # token -> process id of its worker
    _granted: dict[str, tuple[float, float]] = field(default_factory=dict)  # token -> (seconds, since when)

    def schedule(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """A GPU for the seconds that are asked for, or the quota that does not suffice."""
        seconds = float(query.get("durationSeconds", 60))
        self.asked.append(seconds)
        if self.left is not None and seconds > self.left:
            return 429, {"left": int(self.left), "wait": 3600}
        token = f"gpu-{len(self.asked)}"
        self._granted[token] = (seconds, time.monotonic())
        return 200, {"idle": False, "nvidiaIndex": 0, "nvidiaUUID": "none", "allowToken": token}

    def allow(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """A worker has begun; it is killed when its seconds are over."""
        token, pid = query["allowToken"], int(query["pid"])
        self.workers.append(pid)
        self._running[token] = pid
        timer = threading.Timer(self._granted[token][0], self._kill, (token, pid))
        timer.daemon = True
        timer.start()
        if self.on_worker:
            self.on_worker(pid)
        return 200, {}

    def release(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The GPU is given back; what was used counts."""
        since = self._granted.pop(query["allowToken"], None)
        if pid := self._running.pop(query["allowToken"], None):
            stop(pid)
        if since is None:
            return 404, {}
        self.released.append(query.get("fail") == "true")
        if self.left is not None:
            self.left -= time.monotonic() - since[1]
        return 200, {}

    def _kill(self, token: str, pid: int) -> None:
        if token in self._granted:
            stop(pid)

    def close(self) -> None:
        """No worker outlives the service."""
        for pid in self._running.values():
            stop(pid)


def stop(pid: int) -> None:
    """End a worker, as the service does that wants its GPU back; it may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class Service:
    """`Devices` over HTTP, as the package asks for them; a context manager."""

    def __init__(self, devices: Devices) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(asked.query).items()}
                known = {"/schedule": devices.schedule, "/allow": devices.allow, "/release": devices.release}
                status, answer = known[asked.path](query) if asked.path in known else (200, {})
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-Authenticated", "regular")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._devices = devices
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Service:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._devices.close()
        self._server.shutdown()
        self._server.server_close()


def no() -> bool:
    """Whether CUDA was touched before the fork."""
    return False


def main(url: str, app: str) -> None:
    """Run the app as on ZeroGPU."""
    os.environ.update(SPACES_ZERO_GPU="true", SPACES_ZERO_DEVICE_API_URL=url)
    import torch

    if torch.version.cuda is None:  # a build for CPUs; the package expects to find what it then covers up
        torch.version.cuda = "12.8"
        torch._C._cuda_init = None
        torch.cuda._is_in_bad_fork = no
    import spaces.zero.torch

    spaces.zero.torch.init = lambda uuid: None
    spaces.zero.torch.move = lambda callback=None: None
    sys.argv, sys.path[0] = [app], os.path.dirname(app)
    runpy.run_path(app, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
