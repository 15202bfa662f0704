"""Waiting out a busy Hub: bounded tries, exponential backoff with jitter, `Retry-After` honoured."""

from __future__ import annotations

import importlib
import random
import time
from collections.abc import Callable
from typing import TypeVar

from huggingface_hub import errors as hub_errors

from hubprune.hub.failures import TransportError, status_of
from hubprune.hub.session import BUSY, LONGEST_WAIT, asked_wait, watch

TRIES = 6
FIRST_WAIT = 1.0  # seconds; doubles with each try, and up to half of it is added at random
PATIENCE = 300.0  # seconds; the sum of all waits before the tries of one call

T = TypeVar("T")
ConnectError: type[Exception] = importlib.import_module(TransportError.__module__.partition(".")[0]).ConnectError


def is_transient(error: BaseException) -> bool:
    """Whether the same request may well succeed later: a busy Hub or a broken connection, also as the cause."""
    if isinstance(error, hub_errors.OfflineModeIsEnabled):
        return False
    if isinstance(error, hub_errors.HfHubHTTPError):
        return status_of(error) in BUSY
    if isinstance(error, (TransportError, ConnectionError, TimeoutError)):
        return True
    if isinstance(error, hub_errors.FileMetadataError) or "Consistency check failed" in str(error):
        return True  # an answer without the Hub's headers; a file of another length than the Hub named
    if isinstance(
        error, (hub_errors.RevisionResolutionError, hub_errors.LocalEntryNotFoundError, hub_errors.DryRunError)
    ):
        return error.__cause__ is not None and is_transient(error.__cause__)
    if type(error) is RuntimeError:  # raised around failed uploads, with the cause; by hf_xet without one
        return error.__cause__ is None or is_transient(error.__cause__)
    return False


def patiently(call: Callable[[], T], *, reconnect: bool = False) -> T:
    """The value of `call()`, tried again while it fails with transient errors.

    A Hub to which no connection can be made at all is tried again only with `reconnect`: who reads learns at once that
    the network is down, who is in the middle of an upload waits for it to return.

    Raises the last error after TRIES tries or PATIENCE, or at once where the Hub asks for a wait beyond LONGEST_WAIT.
    """
    waited = 0.0
    for attempt in range(1, TRIES + 1):
        try:
            watch()
            return call()
        except Exception as error:
            wait = wait_before(error, attempt)
            hopeless = not is_transient(error) or (is_unreachable(error) and not reconnect)
            waited += wait
            if attempt == TRIES or hopeless or wait > LONGEST_WAIT or waited > PATIENCE:
                raise
            time.sleep(wait)
    raise AssertionError("unreachable: the last try returns or raises")


def is_unreachable(error: BaseException | None) -> bool:
    """Whether no connection could be made, also as the cause."""
    return error is not None and (isinstance(error, ConnectError) or is_unreachable(error.__cause__))


def wait_before(error: BaseException, attempt: int) -> float:
    """Seconds to wait after the failed try number `attempt` (from 1)."""
    if (asked := asked_wait(getattr(error, "response", None))) is not None:
        return asked
    backoff = FIRST_WAIT * 2 ** (attempt - 1)
    return float(backoff + random.uniform(0, backoff / 2))
