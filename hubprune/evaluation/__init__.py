"""Losses of windows -> the numbers of the table. Nothing here knows how a model was pruned."""
