"""A Hugging Face Hub on loopback, complete enough for the real clients: huggingface_hub, transformers and datasets.

``hubprune demo`` runs against it, and so do the tests. It listens on 127.0.0.1 only and knows only its own users.

    server.py          LoopbackHub: start, stop, seed repositories, ask for faults, read the log
    app.py             each request: log, fault, route, handler, error
      routing.py       url -> handler
      account.py       GET whoami, POST validate-yaml
      repositories.py  create, delete, move, settings, info (info.py), list and search
      trees.py         files and folders, history, safetensors headers
      commits.py       preupload and commit
      refs.py          branches and tags
      discussions.py   pull requests
      lfs.py           uploads of large files, access to Xet storage
      files.py         downloads (transfer.py: ranges and chunks)
      spaces_jobs.py   Spaces and Jobs, recorded only
      hooks.py         /_test: log, faults and gates for tests in other processes
    store.py           repositories, refs, commits (records.py), file contents (blobs.py, xet.py)
    users.py           access tokens, and who may do what
    faults.py          failures on request
    request_log.py     what was asked, without secrets
    seeding.py         a folder on disk -> a repository

The Hub and its storage of large files are two origins (two ports). A client must not send its token to the storage;
the storage refuses requests that carry one, and urls that the Hub has not signed.
"""

from __future__ import annotations

from .errors import HubError
from .faults import Fault, FaultKind
from .request_log import RequestRecord
from .server import LoopbackHub
from .users import TEST_USERS, User

__all__ = ["TEST_USERS", "Fault", "FaultKind", "HubError", "LoopbackHub", "RequestRecord", "User"]
