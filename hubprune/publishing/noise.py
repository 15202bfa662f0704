"""When is a difference between two models more than the noise of the windows it was measured on? Said once, here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from hubprune.publishing.text import MINUS

FEWEST_WINDOWS = 5  # with fewer, no difference is told from noise
MOST_DEGREES = 1000  # from here on the quantile is 1.96 to two digits


@dataclass(frozen=True)
class Effect:
    """A ratio of two perplexities of one language, its standard error, and the windows it was measured on."""

    name: str
    ratio: float
    error: float | None
    windows: int

    @property
    def kind(self) -> str:
        """ "lower", "higher", "noise", or "unknown" where the windows are too few to say."""
        if self.error is None or not math.isfinite(self.error) or self.windows < FEWEST_WINDOWS:
            return "unknown"
        if abs(math.log(self.ratio)) < t_quantile(self.windows - 1) * self.error / self.ratio or self.ratio == 1:
            return "noise"
        return "lower" if self.ratio < 1 else "higher"

    @property
    def amount(self) -> str:
        """The size of the change: "9 %", "0.4 %"; three times and more: "a factor of 3.2"."""
        return (
            f"a factor of {self.ratio:,.3g}" if self.ratio >= 3 else f"{abs(self.ratio - 1) * 100:.{self._digits}f} %"
        )

    @property
    def signed(self) -> str:
        """The change with its sign: "−9 %"."""
        if self.ratio >= 3:
            return self.amount
        return f"{MINUS if self.ratio < 1 else '+'}{self.amount}"

    @property
    def margin(self) -> str:
        """ " (± 1 %)", or nothing."""
        if self.kind == "unknown" or self.error is None:
            return ""
        if self.ratio >= 3:
            return f" (± {self.error:,.2g})"
        percent = self.error * 100
        return f" (± {percent:.{self._digits}f} %)" if percent >= 0.05 else " (± <0.1 %)"

    @property
    def measured(self) -> str:
        """ "−9 % ± 1 %"."""
        return self.signed + self.margin.replace(" (", " ").rstrip(")")

    @property
    def _digits(self) -> int:
        certain = self.error is not None and self.error < 0.005
        return 1 if certain or abs(self.ratio - 1) < 0.02 else 0


@lru_cache
def t_quantile(degrees: int) -> float:
    """The 97.5 % quantile of Student's t: 95 % of the draws lie closer to zero.

    For whole degrees of freedom the distribution is a finite sum over the angle atan(t / sqrt(degrees)) (Abramowitz
    and Stegun, 26.7.3 and 26.7.4), which is turned round by halving.
    """
    degrees = min(degrees, MOST_DEGREES)
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _share_within(middle, degrees) < 0.95 else (low, middle)
    return math.sqrt(degrees) * math.tan(low)


def _share_within(angle: float, degrees: int) -> float:
    """Probability of |t| < sqrt(degrees) * tan(angle)."""
    odd, cosine = degrees % 2, math.cos(angle)
    term = total = cosine if odd else 1.0
    if degrees == 1:
        total = 0.0
    for power in range(2 + odd, degrees - 1, 2):
        term *= cosine**2 * (power - 1) / power
        total += term
    total *= math.sin(angle)
    return 2 / math.pi * (angle + total) if odd else total
