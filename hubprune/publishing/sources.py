"""Where calibration text and the control's text came from: of different kinds, they differ in more than language."""

from __future__ import annotations

from hubprune.publishing import tables
from hubprune.publishing.text import hub_id, listed, name_of, one_line
from hubprune.report import Report, TextRecord

# The default corpora, all cut from Common Crawl: a language that one of them lacks is taken from another.
WEB = ("allenai/c4", "HuggingFaceFW/fineweb-2", "HuggingFaceFW/fineweb")
NAMED = {"self": "what the base model wrote itself", "demo": "the text of hubprune's demo"}


def kind(record: TextRecord) -> str:
    """What a text is of: "web" for the default corpora, "own" for any file or folder, else its source's name."""
    if record.source in NAMED:
        return record.source
    if not (record.revision and hub_id(record.source)):
        return "own"
    return "web" if record.source in WEB else record.source


def other_sources(report: Report) -> str:
    """What a comparison with the control cannot tell apart, one sentence; '' where the texts are of one kind, or no
    control was measured.
    """
    control = [record for record in report.texts if record.use == "control"]
    known = {kind(record) for record in control}
    others = [record for record in report.texts if record.use == "calibration" and kind(record) not in known]
    if not (tables.control_language(report) and control and others):
        return ""
    chosen = listed([name_of(record.language) for record in others])
    return (
        f"The {chosen} text is {_names(others)}, and the control's {name_of(control[0].language)} text is "
        f"{_names(control)}: a difference between the two may come from the source of the text and not only from its "
        "language."
    )


def _names(records: list[TextRecord]) -> str:
    return listed(list(dict.fromkeys(_name(record) for record in records)))


def _name(record: TextRecord) -> str:
    source = one_line(record.source)
    return NAMED.get(record.source) or (f"the author's own ({source})" if kind(record) == "own" else f"from {source}")
