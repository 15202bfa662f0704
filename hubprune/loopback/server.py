"""The server as a Python object: `LoopbackHub`."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import uvicorn

from .app import HubApp
from .faults import PAGE, Fault, FaultKind
from .records import Kind, Repository
from .request_log import RequestRecord
from .seeding import add_folder
from .store import Store, check_gate
from .users import TEST_USERS, User

HOST = "127.0.0.1"
START_SECONDS = 10.0
STOP_SECONDS = 10.0
PART_BYTES = 20 * 1024 * 1024


class LoopbackHub:
    """A Hugging Face Hub on this machine's loopback interface, for the real clients to talk to.

    Use it as a context manager, or call `start` and `stop`::

        with LoopbackHub(folder) as hub:
            hub.add_repo("acme/base", model_folder)
            api = HfApi(endpoint=hub.endpoint, token="hf_alice_write")

    Args:
        root: Folder of its state; made if it does not exist, taken up where it was left if it does.
        xet: Take and give large files through Xet storage. Clients must then be on the same machine, because the
            chunks are kept in a folder under `root` which hf_xet opens itself.
        port: Port of the Hub; 0 for any free one. The storage is always on another, free port.
        users: Access token -> user; `users.TEST_USERS` by default.
        part_bytes: Large files above this size are uploaded in several parts of this size.

    Attributes:
        endpoint: Address of the Hub, for example ``http://127.0.0.1:40001``; also known as `url`.
        storage: Address of the storage of large files.

    Raises:
        OSError: The port is taken.
    """

    def __init__(
        self,
        root: Path,
        *,
        xet: bool = False,
        port: int = 0,
        users: Mapping[str, User] | None = None,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self.root = Path(root)
        self.xet = xet
        self.users = dict(TEST_USERS if users is None else users)
        self.store = Store(self.root, xet)
        self._sockets: list[socket.socket] = []
        try:
            for wanted in (port, 0):
                self._sockets.append(_listen(wanted))
        except OSError:
            self._close_sockets()
            raise
        self.endpoint, self.storage = (f"http://{HOST}:{one.getsockname()[1]}" for one in self._sockets)
        self.url = self.endpoint
        self._app = HubApp(self.store, self.users, endpoint=self.endpoint, storage=self.storage, part_bytes=part_bytes)
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                http=self._app.connections.protocol(),
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread: threading.Thread | None = None

    # Running

    def start(self) -> LoopbackHub:
        """Serve from a thread of its own, and return once requests are answered.

        Raises:
            RuntimeError: It has been started before, or does not come up.
        """
        if self._thread is not None:
            raise RuntimeError("a LoopbackHub can be started only once")
        self._thread = threading.Thread(target=self.run, name="loopback-hub", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the loopback Hub did not start")
            time.sleep(0.01)
        return self

    def run(self) -> None:
        """Serve in this thread until interrupted, or until `stop` is called from another."""
        asyncio.run(self._server.serve(sockets=self._sockets))

    def stop(self) -> None:
        """Stop serving and wait until the ports are free. Requests under way get one second."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
        self._close_sockets()

    def __enter__(self) -> LoopbackHub:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def environment(self, token: str | None = "hf_alice_write") -> dict[str, str]:
        """Environment variables for a client in another process, which reads them once, when it starts.

        Args:
            token: Access token of the client, or None for a stranger.
        """
        return {
            "HF_ENDPOINT": self.endpoint,
            "HF_TOKEN": token or "",
            "HF_HUB_DISABLE_IMPLICIT_TOKEN": "0" if token else "1",
            "HF_HUB_DISABLE_XET": "0" if self.xet else "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": f"{HOST},localhost",
            "no_proxy": f"{HOST},localhost",
        }

    # Repositories

    def add_repo(
        self,
        repo_id: str,
        folder: Path,
        kind: Kind = "model",
        *,
        private: bool = False,
        gated: bool | str = False,
        commit_message: str = "Upload folder",
        author: str | None = None,
        link: bool = False,
    ) -> str:
        """Commit a folder to a repository's main branch; the repository is created if it does not exist.

        Args:
            repo_id: ``namespace/name``; the namespace needs no account.
            folder: Its files are added; those that are in the repository already stay or are replaced.
            kind: ``model``, ``dataset`` or ``space``.
            private: Only members of the namespace see it.
            gated: ``"auto"``, ``"manual"`` (the same as True) or False; see `gate`.
            commit_message: Title of the commit.
            author: Account name of the commit's author; the namespace by default.
            link: Hard-link large files instead of copying them. Do not change the folder afterwards.

        Returns:
            The commit id.

        Raises:
            NotADirectoryError: `folder` is no folder.
            HubError: 400 if `repo_id` or a file name is invalid.
        """
        return add_folder(
            self.store,
            repo_id,
            Path(folder),
            kind=kind,
            private=private,
            gated=check_gate("manual" if gated is True else gated),
            commit_message=commit_message,
            author=author,
            link=link,
        )

    def gate(
        self, repo_id: str, gated: bool | str = "manual", *, granted: Iterable[str] = (), kind: Kind = "model"
    ) -> None:
        """Let only members of the namespace and the accounts `granted` download from a repository; False ends that.

        Raises:
            HubError: 404 if there is no such repository.
        """
        self.store.gate(repo_id, kind, "manual" if gated is True else gated, granted)

    def repository(self, repo_id: str, kind: Kind = "model") -> Repository:
        """The record of a repository, for tests to look at. Raises KeyError if there is none."""
        return self.store.repositories[kind, repo_id]

    def list_files(self, repo_id: str, revision: str = "main", kind: Kind = "model") -> list[str]:
        """The paths of all files at a revision, sorted. Raises KeyError or HubError 404 if there is none."""
        return sorted(self.store.tree(self.repository(repo_id, kind), revision))

    def read_file(self, repo_id: str, path: str, revision: str = "main", kind: Kind = "model") -> bytes:
        """The bytes of a file at a revision. Raises KeyError or HubError 404 if there is none."""
        entry = self.store.tree(self.repository(repo_id, kind), revision)[path]
        return self.store.content(entry).read_bytes()

    # Requests

    @property
    def requests(self) -> list[RequestRecord]:
        """The log: every request so far, in order of arrival."""
        return list(self._app.log.records)

    def clear_requests(self) -> None:
        """Empty the log."""
        self._app.log.records.clear()

    def fault(
        self,
        match: str,
        kind: FaultKind = "status",
        *,
        status: int | None = None,
        message: str = "injected fault",
        retry_after: float | None = None,
        seconds: float = 5.0,
        after: int = 0,
        times: int = 1,
        skip: int = 0,
        body: str = PAGE,
    ) -> None:
        """Let the next matching requests fail; see `faults.Fault` for the arguments."""
        self._app.faults.add(Fault(match, kind, status, message, retry_after, seconds, after, times, skip, body))

    def clear_faults(self) -> None:
        """Forget the faults that no request has met yet."""
        self._app.faults.clear()

    def _close_sockets(self) -> None:
        for one in self._sockets:
            one.close()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, asyncio sends at once
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()  # from now on clients are kept waiting, not refused
    except OSError:
        listener.close()
        raise
    return listener
