"""hubprune: prune language models of the Hugging Face Hub for your language."""

__version__ = "0.1.0"
