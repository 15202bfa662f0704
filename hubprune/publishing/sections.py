"""What was measured, pruned and read: sections of the card's body, or None where their facts are absent."""

from __future__ import annotations

import html
import math
import re

from hubprune.publishing import metadata, plots, tables, task_tables, text
from hubprune.publishing.block_plot import COUNTED
from hubprune.publishing.block_plot import languages_of as block_plot_languages
from hubprune.publishing.tables import Table
from hubprune.publishing.task_verdict import task_caution as plain_task_caution
from hubprune.publishing.text import HUB, Md, code, count, link, listed, md, name_of, percent, prose
from hubprune.publishing.verdict import caution as plain_caution
from hubprune.recipe import Recipe
from hubprune.report import PRUNED, Report, Sparsity, TextRecord


def caution() -> Md:
    """The fixed caution, its sources linked."""
    sentence, _, _ = plain_caution().partition(" (Kurz")
    paper = link("Kurz et al., TACL 14, 2026", "https://aclanthology.org/2026.tacl-1.9")
    return md("{} ({}; {}).", sentence, paper, link("arXiv 2408.14398", "https://arxiv.org/abs/2408.14398"))


def task_caution() -> Md:
    """The caution about tasks, its sources linked."""
    sentence, pattern = plain_task_caution(), r"arXiv ([\d.]+\d)"
    sources = [link(f"arXiv {number}", f"https://arxiv.org/abs/{number}") for number in re.findall(pattern, sentence)]
    return md(re.sub(pattern, "{}", sentence), *sources)


def scores(table: Table, words: int = 1) -> Md | None:
    """A table, calibration languages in bold, its first `words` columns aligned to the left."""
    if not table.rows:
        return None
    rows: list[list[str]] = []
    for index, cells in enumerate(table.rows):
        escaped = [_unbroken(text.escape(cell)) for cell in cells]
        if index in table.targets:
            escaped = [Md(f"**{cell}**") if cell else cell for cell in escaped]
        if index == table.mean:
            escaped = [Md(f"*{cell}*") if cell else cell for cell in escaped]
        rows.append(list(escaped))
    return text.table(table.columns, rows, words=words)


def _unbroken(cell: Md) -> Md:
    """The cell, no line broken within a figure: its spaces are U+00A0 there."""
    return Md(re.sub(r" (?=[±→%=<])|(?<=[±→=<×]) ", "\u00a0", cell))


def picture(kind: str, alt: str, repo_id: str | None) -> Md:
    """A plot for light and dark pages. Addresses are absolute where the repository is known: a page of the Hub does
    not resolve a relative `srcset`."""
    root = f"{HUB}/{repo_id}/resolve/main/" if repo_id else ""
    light, dark = (f"{root}{plots.FOLDER}/{name}" for name in plots.names(kind))
    return Md(
        f'<picture>\n<source media="(prefers-color-scheme: dark)" srcset="{dark}">\n'
        f'<img src="{light}" width="800" alt="{html.escape(text.one_line(alt))}">\n</picture>'
    )


def cost_plot(report: Report, repo_id: str | None) -> Md | None:
    """Perplexity ratios of the languages, drawn."""
    if "perplexity" not in plots.kinds(report):
        return None
    rows = [row for row in tables.language_rows(report) if row.language and row.ratio is not None]
    parts = [f"{row.name} {text.ratio(row.ratio)}" for row in rows if row.ratio is not None]
    return picture("perplexity", f"Perplexity relative to the dense model: {', '.join(parts)}.", repo_id)


def block_plot(report: Report, repo_id: str | None) -> Md | None:
    """Error of the block outputs, drawn."""
    if "blocks" not in plots.kinds(report):
        return None
    blocks = len({row.index for row in report.blocks})
    names = [name_of(language) for language in block_plot_languages(report)]
    alt = f"Relative output error over {count(blocks, 'block')} and mean signal-to-noise ratio: {listed(names)}."
    caption = (
        "Each block's output against the dense model's on the evaluation text: mean squared difference over mean "
        f"square, and as a signal-to-noise ratio (SNR) averaged over the blocks. {COUNTED}"
    )
    return Md(f"{picture('blocks', alt, repo_id)}\n\n{caption}")


def where(report: Report) -> Md:
    """Which matrices were pruned: "the `mlp` and `self_attn` matrices of its 28 blocks"."""
    zeros = report.sparsity
    groups = list(dict.fromkeys(row.name.rsplit(".", 1)[0] for row in zeros.modules)) if zeros else []
    blocks = count(report.model.blocks, "block")
    if not 0 < len(groups) < 4:
        return md("the linear maps of its {}", blocks)
    return md("the {} matrices of its {}", Md(listed([code(group) for group in groups])), blocks)


def pruned(report: Report) -> Md | None:
    """Zeros asked for, of the masks and of the stored weights; and what was left alone."""
    zeros = report.sparsity
    if zeros is None or not zeros.weights:
        return None
    asked, masked, stored = (
        percent(share, 2) for share in (zeros.requested, zeros.masked / zeros.weights, zeros.stored / zeros.weights)
    )
    paragraph = md(
        "{} weights, in {}, could be pruned. Zeros among them: {} asked for, {} in the masks, {} counted in the stored "
        "weights. The base model had {} there.",
        *(text.quantity(zeros.weights), where(report), asked, masked, stored, count(zeros.dense, "zero")),
    )
    if not zeros.left_alone:
        return paragraph
    lines = [md("- {}: {}", prose(name), prose(reason)) for name, reason in zeros.left_alone.items()]
    return Md("\n".join([paragraph, "", "Left alone:", "", *lines]))


def modules(report: Report) -> Md | None:
    """Zeros by kind of matrix."""
    zeros: Sparsity | None = report.sparsity
    if zeros is None or not zeros.modules:
        return None
    rows = [
        [
            code(row.name),
            f"{row.shape[0]:,} × {row.shape[1]:,}",
            f"{row.matrices:,}",
            *(percent(part / row.weights, 2) if row.weights else "" for part in (row.masked, row.stored)),
        ]
        for row in zeros.modules
    ]
    return text.table(["Matrix", "Out × in", "How many", "Zeros, mask", "Zeros, stored"], rows)


def texts(report: Report, use: str) -> Md | None:
    """The text of one use ("calibration", "evaluation", ...), one language a line, enough to find it again."""
    scored = {row.language: row.tokens for row in report.languages} if use == "evaluation" else {}
    records = [record for record in report.texts if record.use == use]
    if not records:
        return None
    lines = [Md(f"- {text_line(record, scored.get(record.language))}") for record in records]
    rules = list(dict.fromkeys(text.one_line(record.rule) for record in records if record.rule.strip()))
    return Md("\n".join(lines) + "".join(md("\n\n{}", rule) for rule in rules))


def text_line(record: TextRecord, scored: int | None) -> Md:
    """Source, revision, subset, licence, amounts and hash of one language's text."""
    weight = f"** (weight {record.weight:.3g}):" if record.use == "calibration" and record.weight != 1 else "**:"
    parts = [md("**{}{} {}", name_of(record.language), Md(weight), source(record))]
    parts += [
        md("{} {}", label, code(value))
        for label, value in (("config", record.config), ("split", record.split))
        if value
    ]
    if record.license:
        parts.append(md("licence {}", record.license))
    amounts = [count(record.documents, "document")] if record.documents else []
    amounts += [f"{count(record.windows, 'window')} of {record.seq_len:,} tokens", f"{count(record.tokens, 'token')}"]
    amounts += [f"{scored:,} of them scored"] if scored else []
    amounts += [f"{text.size(record.bytes)} of UTF-8"] if record.bytes else []
    ending = md("; SHA-256 of the token ids {}", code(record.sha256)) if record.sha256 else Md("")
    return Md(f"{', '.join(parts)}; {md('{}', ', '.join(amounts))}{ending}.")


def source(record: TextRecord) -> Md:
    """Where a text came from, linked if it is a data set of the Hub."""
    if metadata.on_the_hub(record) and record.revision:
        commit = re.fullmatch("[0-9a-f]{7,40}", record.revision)
        address = f"{HUB}/datasets/{record.source}" + (f"/tree/{record.revision}" if commit else "")
        return md("{} at {}", link(record.source, address), code(record.revision[:7] if commit else record.revision))
    known = {"self": "text that the base model wrote itself", "demo": "the text of hubprune's demo"}
    return md("{}", known.get(record.source, f"the author's own text, {record.source}"))


def calibration(report: Report, recipe: Recipe) -> Md | None:
    """The text that chose the weights."""
    lines = texts(report, "calibration")
    if lines is None:
        return None
    ending = f"Drawn with seed {recipe.seed}. Other calibration text would give other zeros."
    if len({record.language for record in report.texts if record.use == "calibration"}) > 1:
        ending = f"The statistics of the languages were combined with the weights given. {ending}"
    return Md(f"{lines}\n\n{md('{}', ending)} This text was used for calibration only; nothing was trained on it.")


def measured(report: Report) -> list[str]:
    """Names of the languages with a finite figure of the pruned model, calibration languages first."""
    rows = [row for row in tables.language_rows(report) if row.pruned is not None and math.isfinite(row.pruned)]
    found = [row for row in task_tables.ordered(report) if row.language and PRUNED in row.scores]
    told = [row for row in found if math.isfinite(row.scores[PRUNED].value)]
    return list(dict.fromkeys([*(row.name for row in rows), *(task_tables.language_name(row) for row in told)]))
