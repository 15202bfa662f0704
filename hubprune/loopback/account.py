"""Routes about the account and about model cards: who am I, and is this card's metadata valid."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import yaml
from starlette.responses import JSONResponse, Response

from .routing import Call


async def whoami(call: Call) -> Response:
    """The account that the token belongs to."""
    user = call.require_user()
    organizations = [
        {"type": "org", "id": name, "name": name, "fullname": name, "roleInOrg": user.role}
        for name in user.organizations
    ]
    return JSONResponse(
        {
            "type": "user",
            "id": hashlib.sha1(user.name.encode()).hexdigest()[:24],
            "name": user.name,
            "fullname": user.name.title(),
            "email": f"{user.name}@example.invalid",
            "emailVerified": True,
            "canPay": False,
            "isPro": False,
            "periodEnd": None,
            "avatarUrl": "/avatars/none.svg",
            "orgs": organizations,
            "auth": {"type": "access_token", "accessToken": {"displayName": "loopback", "role": user.role}},
        }
    )


async def agent_harnesses(call: Call) -> Response:
    """The client asks for this list once and lives without it."""
    return JSONResponse({"standardEnvVars": [], "harnesses": {}})


async def validate_yaml(call: Call) -> Response:
    """Check the metadata at the top of a README as the Hub does before a commit."""
    body = await call.json()
    errors, warnings = check_card(str(body["content"]))
    answer = {
        "errors": [{"message": message} for message in errors],
        "warnings": [{"message": message} for message in warnings],
    }
    return JSONResponse(answer, 400 if errors else 200)


def split_card(text: str) -> str | None:
    """The YAML between the two ``---`` lines at the top of a README, or None if there is none."""
    match = re.match(r"^---[ \t]*\r?\n(.*?)(?:\r?\n)?---[ \t]*(?:\r?\n|$)", text, re.DOTALL)
    return match[1] if match else None


def check_card(text: str) -> tuple[list[str], list[str]]:
    """The errors and the warnings that the Hub has about a README's metadata."""
    header = split_card(text)
    if header is None:
        return [], ["empty or missing yaml metadata in repo card"]
    try:
        metadata = yaml.safe_load(header) or {}
    except yaml.YAMLError as error:
        return [f"YAML: {error}"], []
    if not isinstance(metadata, dict):
        return ["the metadata must be a mapping"], []
    errors = [*_check_languages(metadata.get("language")), *_check_model_index(metadata.get("model-index"))]
    if not isinstance(metadata.get("license", ""), (str, list)):
        errors.append('"license" must be a string')
    tags = metadata.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        errors.append('"tags" must be an array of strings')
    return errors, []


def _check_languages(languages: Any) -> list[str]:
    errors = []
    for language in languages if isinstance(languages, list) else [languages] if languages is not None else []:
        if not isinstance(language, str):
            errors.append('"language" must be a string or an array of strings')
        elif language not in ("code", "multilingual") and not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)?", language):
            errors.append(f'"language[]" must only contain lowercase ISO 639-1/2/3 codes, got {language}')
    return errors


def _check_model_index(index: Any) -> list[str]:
    errors = []
    for i, model in enumerate(index or []):
        if "name" not in model or not isinstance(model.get("results"), list):
            errors.append(f'"model-index[{i}]" needs name and results')
            continue
        for j, result in enumerate(model["results"]):
            if "type" not in (result.get("task") or {}) or not result.get("metrics"):
                errors.append(f'"model-index[{i}].results[{j}]" needs task.type and metrics')
    return errors


ROUTES = [
    ("GET /api/whoami-v2", whoami),
    ("GET /api/agent-harnesses", agent_harnesses),
    ("POST /api/validate-yaml", validate_yaml),
]
