"""Text a model writes: greedy continuations, in which language they are, and how fast they come."""

from hubprune.generation.greedy import Continuation, continue_all, refuse_long, stream
from hubprune.generation.identify import in_language, obstacle
from hubprune.generation.loading import load_tokenizer, load_whole, memory_of, refuse_large
from hubprune.generation.measure import generation_row
from hubprune.generation.prompt_table import prompts
from hubprune.generation.repetition import repetition

__all__ = [
    "Continuation",
    "continue_all",
    "generation_row",
    "in_language",
    "load_tokenizer",
    "load_whole",
    "memory_of",
    "obstacle",
    "prompts",
    "refuse_large",
    "refuse_long",
    "repetition",
    "stream",
]
