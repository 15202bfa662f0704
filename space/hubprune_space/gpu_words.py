"""What is said of a GPU that is lent for some seconds at a time: what is the case, and one thing to do."""

from __future__ import annotations

from .settings import SETTINGS
from .words import Notice


def too_long_a_step(needs: str, most: str, less: str = "") -> Notice:
    """For a GPU that is lent for some seconds at a time; `less` as in too_long."""
    return Notice(
        "too-long",
        f"One step of this would take about {needs}; {SETTINGS.here} has its GPU for {most} at a time.",
        f"Choose a smaller model{f', {less}' if less else ''}, or run a command below.",
        "warning",
    )


def no_quota(left: float | None, needed: float, minutes: float, command: str = "") -> Notice:
    return Notice(
        "no-quota",
        f"{_left(left)}; this needs about {needed:.0f}.",
        f"Press Prune within {minutes:.0f} min to go on from there, choose a smaller model, or run the command shown.",
        "warning",
        command,
    )


def gpu_lost(code: str, minutes: float, blocks: int) -> Notice:
    return Notice(
        "gpu-lost",
        f"The GPU's process ended before it was done. Code {code}.",
        f"Press Prune again within {minutes:.0f} min: it goes on where it stopped."
        if blocks
        else "No block was done yet: ask for fewer windows or languages, take the ticks off, and press Prune again.",
        "warning",
    )


def gpu_lost_again(code: str, command: str) -> Notice:
    return Notice(
        "gpu-lost",
        f"The GPU's process ended twice at the same step, which seems too much for it. Code {code}.",
        "Begin anew with the ticks off or fewer windows, or run this command on your machine.",
        "warning",
        command,
    )


def cannot_write(left: float | None, needed: float, minutes: float) -> Notice:
    return Notice(
        "cannot-write",
        f"{_left(left)}; to let both write takes about {needed:.0f}.",
        f"Come back within {minutes:.0f} min, or publish without having read them.",
        "warning",
    )


def writing_lost(code: str, minutes: float) -> Notice:
    return Notice(
        "cannot-write",
        f"The GPU's process ended before the texts did. Code {code}.",
        f"Try once more within {minutes:.0f} min; the result itself is whole, and can be published.",
        "warning",
    )


def _left(seconds: float | None) -> str:
    if seconds is None:
        return "This GPU has no time for you now"
    return f"This GPU has about {seconds:.0f} s left for you today"
