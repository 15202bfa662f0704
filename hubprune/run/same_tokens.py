"""One tokenizer for two models: that of the first, held against the second's at every text it cuts."""

from __future__ import annotations

from typing import Any

from hubprune.errors import UsageError


class SameTokens:
    """The first model's tokenizer, as long as the second's gives the same ids for the same texts.

    Equal vocabularies do not make equal tokens: merges, normalizer, pre-tokenizer and added tokens decide as well. And
    unequal ones need not differ on the text at hand. So what is compared is what is measured: the ids of each text.

    Args:
        first, second: tokenizers of transformers.
        names: how the two models are called in the error.

    Raises UsageError at the first text on which they differ.
    """

    def __init__(self, first: Any, second: Any, names: tuple[str, str]) -> None:
        self._first, self._second, self._names = first, second, names

    def __call__(self, text: str | list[str], **options: Any) -> Any:
        found = self._first(text, **options)
        plain = {name: value for name, value in options.items() if name != "return_offsets_mapping"}
        self._agree(found["input_ids"], self._second(text, **plain)["input_ids"])
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._first, name)

    def convert_tokens_to_ids(self, token: str) -> Any:
        """The id of a token, which must be the same in both."""
        found = self._first.convert_tokens_to_ids(token)
        self._agree(found, self._second.convert_tokens_to_ids(token))
        return found

    def _agree(self, ours: Any, theirs: Any) -> None:
        if ours != theirs:
            raise UsageError(
                f"{self._names[0]} and {self._names[1]} cut text into different tokens, so their perplexities "
                "cannot be compared.",
                "Evaluate each of them alone and compare bits per byte.",
            )
