"""Who may do what: the fixed test users, and the one function that decides about access to a repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from .errors import HubError
from .records import Repository


@dataclass(frozen=True)
class User:
    """The owner of an access token: account name, role of the token, organisations the account belongs to."""

    name: str
    role: Literal["read", "write"] = "write"
    organizations: tuple[str, ...] = ()

    def is_member(self, namespace: str) -> bool:
        """Whether `namespace` is the account itself or one of its organisations."""
        return namespace == self.name or namespace in self.organizations

    def can_write(self, namespace: str) -> bool:
        """Whether this token may change repositories of `namespace`."""
        return self.role == "write" and self.is_member(namespace)


TEST_USERS: Mapping[str, User] = MappingProxyType(
    {
        "hf_alice_write": User("alice", "write", ("acme",)),
        "hf_alice_read": User("alice", "read", ("acme",)),
        "hf_bob_write": User("bob", "write"),
    }
)
"""Access token -> user, as every loopback Hub knows them unless told otherwise. These tokens open nothing else."""


def check_access(
    repository: Repository | None, user: User | None, *, write: bool = False, content: bool = False
) -> Repository:
    """Return `repository` if `user` may use it.

    Args:
        repository: The repository, or None if there is none of that name.
        user: The user whose token came with the request, or None for a stranger.
        write: The request changes the repository.
        content: The request reads the bytes of files, which a gated repository keeps back.

    Raises:
        HubError: 401 for strangers and 404 for known users if the repository does not exist or is hidden from them
            (the Hub does not tell which); 401 or 403 if it is gated; 401 or 403 if writing is not allowed.
    """
    member = repository is not None and user is not None and user.is_member(repository.namespace)
    if repository is None or (repository.private and not member):
        raise HubError(404 if user else 401, "Repository not found", "RepoNotFound")
    if content and repository.gated and not member and (user is None or user.name not in repository.granted):
        raise HubError(403 if user else 401, f"Access to {repository.kind} {repository.id} is restricted.", "GatedRepo")
    if write:
        if user is None:
            raise HubError(401, "Invalid username or password.")
        if not user.can_write(repository.namespace):
            raise HubError(403, f"You don't have write access to {repository.kind} {repository.id}")
    return repository
