"""Pruning methods. Adding one is adding a file here and its line to METHODS.

A method says which statistic of the inputs it needs, whether it changes the weights that stay, and turns matrices
that share an input into pruned ones.
"""

from hubprune.pruning.methods.base import Method, Pruned
from hubprune.pruning.methods.magnitude import Magnitude
from hubprune.pruning.methods.sparsegpt import SparseGPT
from hubprune.pruning.methods.wanda import Wanda

METHODS: dict[str, Method] = {"magnitude": Magnitude(), "wanda": Wanda(), "sparsegpt": SparseGPT()}

__all__ = ["METHODS", "Method", "Pruned"]
