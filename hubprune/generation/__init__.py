"""Text a model writes: greedy continuations, in which language they are, and how fast they come."""
