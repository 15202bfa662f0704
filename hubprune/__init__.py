"""hubprune: prune language models of the Hugging Face Hub for your language, and see what it cost.

    import hubprune

    recipe = hubprune.Recipe("Qwen/Qwen3-0.6B", lang="sw")
    report = hubprune.prune(recipe, "Qwen3-0.6B-sw")
    hubprune.publish("Qwen3-0.6B-sw")

Every function runs to its end and returns its result; `on_event` is called with each event on the way
(see hubprune.events). The generators behind them, for progress of one's own or to cancel, are in hubprune.run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "HubpruneError",
    "Inspection",
    "Plan",
    "Published",
    "Recipe",
    "Report",
    "compare",
    "connect",
    "evaluate",
    "inspect",
    "plan",
    "prune",
    "publish",
    "push",
    "write_card",
]

# Name -> module; imported when first used, so that `import hubprune` and `hubprune --help` stay quick.
_HOME = {
    "HubpruneError": "hubprune.errors",
    "Inspection": "hubprune.inspection",
    "Plan": "hubprune.planning",
    "Published": "hubprune.events",
    "Recipe": "hubprune.recipe",
    "Report": "hubprune.report",
    "connect": "hubprune.hub",
    **dict.fromkeys(
        ("compare", "evaluate", "inspect", "plan", "prune", "publish", "push", "write_card"), "hubprune.api"
    ),
}

if TYPE_CHECKING:
    from hubprune.api import compare, evaluate, inspect, plan, prune, publish, push, write_card
    from hubprune.errors import HubpruneError
    from hubprune.events import Published
    from hubprune.hub import connect
    from hubprune.inspection import Inspection
    from hubprune.planning import Plan
    from hubprune.recipe import Recipe
    from hubprune.report import Report


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hubprune' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
