"""Text of data sets of the Hub, streamed: only what is read is downloaded."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from hubprune.calibration.documents import Corpus
from hubprune.calibration.files import column_of
from hubprune.calibration.folders import choose_split, is_language
from hubprune.calibration.specs import Spec
from hubprune.errors import HubpruneError, Offline, TextUnavailable
from hubprune.languages import match_config

BUFFER = 1000  # documents in the shuffle buffer
SHARDS = 2  # files open at once while the buffer fills
BATCH = 64  # documents fetched between two returns of control


class Shelf:
    """Data sets of one Hub; what was asked once (commit, configs, splits) is remembered."""

    def __init__(self, hub: Any) -> None:
        self.hub = hub
        self.facts = functools.cache(self._facts)
        self.configs = functools.cache(self._configs)
        self.splits = functools.cache(self._splits)

    def find(self, spec: Spec, language: str, use: str, only: str | None) -> Corpus | None:
        """The text of a language in a data set; None where it has none.

        `only`: the language of a config that names none, None where that cannot be told. Raises NotFound, Gated,
        Offline, HubTrouble, and TextUnavailable for a config or split that does not exist, or a data set with a script.
        """
        revision, license = self.facts(spec.name, spec.revision)
        config = spec.config or match_config(language, self.configs(spec.name, revision))
        if config is None or match_config(language, [config]) is None:
            names = self.configs(spec.name, revision)
            other = config is not None and is_language(config.rsplit(".", 1)[-1])
            if only != language or other or (config is None and len(names) > 1):
                return None
            config = config or names[0]
        splits = self.splits(spec.name, revision, config)
        split = spec.split or choose_split(list(splits), use) or ""
        if split not in splits:
            raise TextUnavailable(
                f"{spec.name} has no split {split!r} in {config!r}; it has: {', '.join(splits)}.", "Name one of them."
            )

        def documents(seed: int | None) -> Iterator[str]:
            return self.read(spec, splits[split], seed)

        return Corpus(
            source=spec.name,
            spec=spec.written(revision=revision),
            share=spec.share,
            key=(spec.name, revision, config, split, spec.column or ""),
            read=documents,
            drawing=f"shuffled in a buffer of {BUFFER:,}",
            revision=revision,
            config=config,
            split=split,
            license=license,
        )

    def read(self, spec: Spec, stream: Any, seed: int | None) -> Iterator[str]:
        """The texts of a split, drawn with a seed, or in the order of its files."""
        column: str | None = None
        with self.asking(spec.name):
            if seed is not None:
                stream = stream.shuffle(seed=seed, buffer_size=BUFFER, max_buffer_input_shards=SHARDS)
            rows = iter(stream)
        while True:
            with self.asking(spec.name):
                batch = list(islice(rows, BATCH))
            for row in batch:
                column = column or column_of(row, spec.name, spec.name, spec.column)
                text = row.get(column)
                if text is not None and not isinstance(text, str):
                    raise TextUnavailable(
                        f"{spec.name}: {column!r} is no text.", f"Name the column: {spec.name}:::COLUMN."
                    )
                yield text or ""
            if len(batch) < BATCH:
                return

    def _facts(self, name: str, revision: str | None) -> tuple[str, str | None]:
        """(commit, licence of the card)."""
        from hubprune.hub.retry import patiently

        with self.asking(name):
            info = patiently(lambda: self.hub.api.dataset_info(name, revision=revision))
        license = (info.card_data or {}).get("license")
        return info.sha, ", ".join(license) if isinstance(license, list) else license

    def _configs(self, name: str, revision: str) -> list[str]:
        import datasets

        with self.asking(name):
            return datasets.get_dataset_config_names(name, revision=revision, token=self.hub.api.token)

    def _splits(self, name: str, revision: str, config: str) -> Mapping[str, Any]:
        """Split -> stream of rows."""
        import datasets

        with self.asking(name):
            return datasets.load_dataset(name, config, revision=revision, streaming=True, token=self.hub.api.token)

    @contextlib.contextmanager
    def asking(self, name: str) -> Iterator[None]:
        """Within this block `datasets` asks our Hub and keeps quiet, and its errors become ours."""
        from hubprune.hub import translated

        with pointed_at(self.hub.endpoint), quiet(), translated(name, kind="dataset"):
            try:
                yield
            except HubpruneError:
                raise
            except Exception as error:
                if isinstance(error, FileNotFoundError):
                    self.hub.api.auth_check(name, repo_type="dataset")  # raises the Hub's own reason, if that is it
                known = translation(error, name)
                if known is None:
                    raise
                raise known from error


def translation(error: Exception, name: str) -> HubpruneError | None:
    """Our error for one of `datasets`; None for what it does not know (errors of huggingface_hub among them)."""
    from datasets import exceptions

    text = " ".join(str(error).split())
    if type(error).__module__.startswith("huggingface_hub"):
        return None
    if isinstance(error, RuntimeError) and "scripts are no longer supported" in text:
        return TextUnavailable(
            f"{name} is a data set with a program of its own, which is not run.",
            f"Its plain files may be in another branch: {name}@refs/convert/parquet.",
        )
    if isinstance(error, ValueError) and "BuilderConfig" in text:
        available = text.partition("Available: ")[2].strip("[]") or "none"
        return TextUnavailable(f"{name} has no such config; it has: {available[:300]}.", "Name one of them.")
    if isinstance(error, FileNotFoundError):
        return TextUnavailable(f"{name} has no data files that can be read.", "Choose another data set.")
    if isinstance(error, ConnectionError):
        return Offline(f"The connection to {name} broke.", "Try again, or give a local file.")
    unreadable = type(error).__module__.split(".")[0] in ("pyarrow", "json", "gzip", "zlib")
    if unreadable or isinstance(error, (exceptions.DatasetsError, UnicodeDecodeError)):
        return TextUnavailable(
            f"{name} cannot be read: {text[:200].rstrip('.')}.", "Choose another data set, or a local file."
        )
    return None


@contextlib.contextmanager
def pointed_at(endpoint: str) -> Iterator[None]:
    """Within this block `datasets` asks the Hub at `endpoint`.

    `datasets` takes its endpoint from the environment when it is imported and has no argument for it. So where
    `endpoint` is another one, its constants and those of huggingface_hub are changed for as long as the block lasts,
    for the whole process; with the usual endpoint nothing is touched.
    """
    import datasets
    from huggingface_hub import constants

    there: list[tuple[Any, str, Any]] = []
    if endpoint != datasets.config.HF_ENDPOINT:
        template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        urls = endpoint + "/datasets/{repo_id}/resolve/{revision}/{path}"
        there = [
            (datasets.config, "HF_ENDPOINT", endpoint),
            (datasets.config, "HUB_DATASETS_URL", urls),
            (constants, "ENDPOINT", endpoint),
            (constants, "HUGGINGFACE_CO_URL_TEMPLATE", template),
        ]
    before = [(module, name, getattr(module, name)) for module, name, _ in there]
    try:
        for module, name, value in there:
            setattr(module, name, value)
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Within this block `datasets` draws no bars and logs nothing, unless its verbosity or bars were set."""
    import datasets

    hide = datasets.config.HF_DATASETS_DISABLE_PROGRESS_BARS is None and not datasets.are_progress_bars_disabled()
    level = datasets.logging.get_verbosity()
    try:
        if hide:
            datasets.disable_progress_bars()
        if level == datasets.logging.WARNING:
            datasets.logging.set_verbosity(datasets.logging.CRITICAL)
        yield
    finally:
        datasets.logging.set_verbosity(level)
        if hide:
            datasets.enable_progress_bars()
