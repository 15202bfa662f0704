"""The recipe: everything that decides a result, and nothing else.

One name for one thing: a key of `hubprune.yaml`, a field here and a flag of the command line (`seq_len`, `--seq-len`)
are the same word. A recipe as written by hand may leave things open ("auto"); the recipe saved beside the weights is
resolved: ids carry revisions, "auto" is gone.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hubprune.errors import RecipeError
from hubprune.languages import parse_weights, resolve

RECIPE_FILE = "hubprune.yaml"
SCHEMA_VERSION = 1
METHODS = ("magnitude", "wanda", "sparsegpt")
SEQUENTIAL = ("block", "matrix")
EXAMPLE = "A recipe is YAML, one key a line, such as `model: Qwen/Qwen3-0.6B` and `lang: sw`."
LEAST = {"samples": 1, "eval_samples": 1, "limit": 1, "batch_size": 1, "seq_len": 8, "seed": 0}  # of whole numbers
DTYPES = ("auto", "float32", "bfloat16", "float16")


def option(
    section: str, help: str, default: Any = dataclasses.MISSING, *, metavar: str | None = None, **more: Any
) -> Any:
    """A field that is also a flag: `section` is its heading in the help, `help` its line there."""
    metadata = {"section": section, "help": help, "metavar": metavar, **more}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    if isinstance(default, (dict, list)):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Recipe:
    """What to prune, how, with which text, and what to measure.

    Raises RecipeError for values that cannot mean anything, LanguageUnknown for languages nobody has heard of.
    """

    model: str = option("model", "Hub id, folder or hf://id@revision")
    lang: dict[str, float] = option(
        "calibration", "Language of the calibration text; several with weights: sw=3,en=1.", {}, metavar="LANG"
    )
    revision: str | None = option("model", "Branch, tag or commit of MODEL.", None, metavar="REV")

    method: str = option("pruning", "How weights are chosen.", "sparsegpt", choices=METHODS)
    pattern: str = option(
        "pruning", "Zeros: a share (50%, 0.5) or N:M, N kept of each M inputs (2:4).", "50%", metavar="PATTERN"
    )
    skip: tuple[str, ...] = option(
        "pruning", "Leave matrices alone whose name matches, e.g. '*.down_proj'; may be repeated.", (), metavar="GLOB"
    )
    sequential: str = option(
        "pruning", "Take the statistics of a block at once, or matrix group by group.", "block", choices=SEQUENTIAL
    )

    calib: str | dict[str, str] = option(
        "calibration",
        "Calibration text: a txt, jsonl or parquet file, a folder, a data set of the Hub, or 'self'.",
        "auto",
        metavar="SOURCE",
    )
    samples: int = option("calibration", "Windows of calibration text, over all its languages.", 128, metavar="N")
    seq_len: int | None = option(
        "calibration", "Tokens in a window (2048, or the model's context if shorter).", None, metavar="N"
    )
    seed: int = option("calibration", "Seed for drawing the text.", 0, metavar="N")

    eval_lang: tuple[str, ...] = option(
        "evaluation", "Languages to measure (the calibration languages and the control).", (), metavar="LANG,..."
    )
    eval_text: str | dict[str, str] = option(
        "evaluation", "Text to measure on; sources as for --calib.", "auto", metavar="SOURCE"
    )
    eval_samples: int = option("evaluation", "Windows measured in each language.", 32, metavar="N")
    tasks: tuple[str, ...] = option(
        "evaluation",
        "Tasks of lm-eval: names, globs, a folder of YAML tasks, or none (auto: those of `hubprune languages`).",
        ("auto",),
        metavar="TASK,...",
    )
    limit: int | None = option("evaluation", "The first N items of each task, as in lm-eval; 0: all.", 200, metavar="N")
    generate: bool = option("evaluation", "Generate no text.", True, off="--no-generate")
    control: str | None = option(
        "evaluation",
        "Language of the control: pruned in the same run, only measured.",
        "en",
        metavar="LANG",
        off="--no-control",
    )
    measure: bool = option("evaluation", "Measure nothing; the card will say so.", True, off="--no-eval")

    device: str = option("compute", "cpu, cuda, cuda:1, mps.", "auto", metavar="DEVICE")
    dtype: str = option("compute", "Precision of the computation; weights keep the source's.", "auto", choices=DTYPES)
    batch_size: int | None = option("compute", "Windows computed at a time.", None, metavar="N")

    trust_remote_code: bool = option(
        "dangerous", "Run Python code that the model's repository brings along.", False, dangerous=True
    )

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731 - frozen: the one place that writes
        if not self.model or not isinstance(self.model, str):
            raise RecipeError("The recipe names no model.", "Give a Hub id or a folder.")
        put("lang", parse_weights(self.lang))
        put("skip", (self.skip,) if isinstance(self.skip, str) else tuple(self.skip))
        languages = self.eval_lang.split(",") if isinstance(self.eval_lang, str) else self.eval_lang
        put("eval_lang", tuple(dict.fromkeys(resolve(name).code for name in languages if name)))
        tasks = self.tasks.split(",") if isinstance(self.tasks, str) else self.tasks
        put("tasks", tuple(dict.fromkeys(name.strip() for name in tasks if name.strip() and name.strip() != "none")))
        put("limit", self.limit or None)
        put("control", resolve(self.control).code if self.control else None)
        put("pattern", str(self.pattern))
        parse_pattern(self.pattern)
        for name, allowed in (("method", METHODS), ("sequential", SEQUENTIAL), ("dtype", DTYPES)):
            if getattr(self, name) not in allowed:
                raise RecipeError(
                    f"{name} is {getattr(self, name)!r}, which is none of {', '.join(allowed)}.",
                    suggestion(str(getattr(self, name)), allowed),
                )
        for name, least in LEAST.items():
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
                raise RecipeError(f"{name} is {value!r}, but must be a whole number of at least {least}.")

    def replace(self, **changes: Any) -> Recipe:
        """A copy with some keys changed, validated again."""
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Plain data in the order of the fields, as it stands in `hubprune.yaml`."""
        plain = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Recipe:
        """The recipe of plain data. An unknown key is refused and its nearest neighbour named."""
        names = [f.name for f in dataclasses.fields(cls)]
        data = {key.replace("-", "_"): value for key, value in data.items() if key != "schema_version"}
        for key in data:
            if key not in names:
                raise RecipeError(f"The recipe has a key {key!r}, which does not exist.", suggestion(key, names))
        return cls(**{"model": "", **data})

    def save(self, folder: Path) -> Path:
        path = folder / RECIPE_FILE
        head = "# Recipe of a hubprune run; replay it with: hubprune prune --recipe THIS_FILE\n"
        body = yaml.safe_dump({"schema_version": SCHEMA_VERSION, **self.to_dict()}, sort_keys=False, allow_unicode=True)
        path.write_text(head + body, encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: Path) -> Recipe:
        """Read a recipe file, or the recipe in a folder that a run wrote."""
        path = path / RECIPE_FILE if path.is_dir() else path
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            mark = getattr(error, "problem_mark", None)
            reason = getattr(error, "problem", None) or getattr(error, "strerror", None) or "no text in UTF-8"
            line = f"line {mark.line + 1}: " if mark else ""
            raise RecipeError(f"{path} is not a readable recipe: {line}{reason}.", EXAMPLE) from error
        if not isinstance(data, dict):
            raise RecipeError(f"{path} is not a recipe: it holds no keys.", EXAMPLE)
        return cls.from_dict(data)


def parse_pattern(text: str) -> float | tuple[int, int]:
    """The share of zeros, or (kept, group) of N:M. Raises RecipeError for what is neither, or removes nothing."""
    text = text.strip()
    if match := re.fullmatch(r"(\d{1,9}):(\d{1,9})", text):
        kept, group = int(match[1]), int(match[2])
        if 0 < kept < group:
            return kept, group
    elif match := re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)(\s*%)?", text):
        share = round(float(match[1]) / (100 if match[2] else 1), 9)
        if 0 < share < 1:
            return share
    raise RecipeError(
        f"pattern is {text!r}, which is neither a share between 0 and 1 nor N:M with N below M.", "Try 50% or 2:4."
    )


def suggestion(word: str, known: tuple[str, ...] | list[str]) -> str:
    """ "Did you mean 'x'?" for the nearest of the known words, or the list of them."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
