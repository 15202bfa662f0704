"""Where something is published: its name, who may write there, and what to say when it breaks off."""

from __future__ import annotations

from typing import Any

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from hubprune.errors import HubpruneError, NoWritePermission, UploadInterrupted, UsageError
from hubprune.hub.failures import translate
from hubprune.hub.retry import is_transient
from hubprune.hub.secrets import scrub


def full_name(repo_id: str, user: str) -> str:
    """The name in full, "owner/name": itself, or the account's own. Raises UsageError for what is no name."""
    name = repo_id if "/" in repo_id else f"{user}/{repo_id}"
    try:
        validate_repo_id(name)
    except HFValidationError:
        raise UsageError(
            f"{repo_id!r} cannot be the name of a repository.",
            "Use owner/name, with letters, digits, '-', '_' and '.'.",
        ) from None
    return name


def refuse_account(account: dict[str, Any], repo_id: str, *, create_pr: bool = False) -> None:
    """Raise NoWritePermission where the token only reads, or an ordinary token's account is no member of the owner."""
    role = (account.get("auth", {}).get("accessToken") or {}).get("role")
    if role == "read":
        raise NoWritePermission("Your token can read, but not write.", "Sign in with a token that has write access.")
    owner = repo_id.partition("/")[0]
    members = [account["name"], *(one.get("name") for one in account.get("orgs") or [])]
    if role == "write" and not create_pr and owner not in members:
        raise NoWritePermission(
            f"{account['name']} may not write to {repo_id}: {owner} is neither this account nor one of its "
            "organisations.",
            f"Publish to {account['name']}/{repo_id.partition('/')[2]}, or use a token of a member of {owner}.",
        )


def interrupted(error: Exception, repo_id: str, kind: str = "model") -> HubpruneError | None:
    """What to raise for a failure after the repository was found or created; None for a defect."""
    if type(error) is RuntimeError and isinstance(error.__cause__, Exception):
        error = error.__cause__  # "Error while uploading FILE", around the reason
    translation = translate(error, repo_id, kind)
    if is_transient(error):
        reason = translation.sentence if translation else scrub(str(error))
        return UploadInterrupted(
            f"The upload to {repo_id} broke off. {reason}", "Run the same command again: it completes the upload."
        )
    if isinstance(error, ValueError) and "README.md" in str(error):
        details = " ".join(scrub(str(error)).split())
        page = "model card" if kind == "model" else "README.md"
        return HubpruneError(f"The Hub refuses the {page}: {details}", "Correct the metadata at the top of README.md.")
    return translation
