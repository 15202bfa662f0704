"""Text a model writes: greedy continuations, in which language they are, and how fast they come."""

from hubprune.generation.greedy import Continuation, continue_all, stream
from hubprune.generation.loading import load_whole
from hubprune.generation.prompts import prompts
from hubprune.generation.rows import generation_row

__all__ = ["Continuation", "continue_all", "generation_row", "load_whole", "prompts", "stream"]
