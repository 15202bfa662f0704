"""Tasks of lm-eval whose log-likelihoods ride the walk."""

from hubprune.tasks.asking import Prompt
from hubprune.tasks.exam import Exam, prepare
from hubprune.tasks.expected import expected, expected_tokens
from hubprune.tasks.names import AUTO, NO_TASK, Wanted, available, find

__all__ = ["AUTO", "NO_TASK", "Exam", "Prompt", "Wanted", "available", "expected", "expected_tokens", "find", "prepare"]
