"""A data set like apple/mkqa on a Hub on loopback: a program on main, its rows as parquet on refs/convert/parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

COLUMNS = [
    "ar",
    "da",
    "de",
    "en",
    "es",
    "fi",
    "fr",
    "he",
    "hu",
    "it",
    "ja",
    "ko",
    "km",
    "ms",
    "nl",
    "no",
    "pl",
    "pt",
    "ru",
    "sv",
    "th",
    "tr",
    "vi",
    "zh_cn",
    "zh_hk",
    "zh_tw",
]
TYPES = ["entity", "long_answer", "unanswerable", "date", "number", "number_with_unit", "short_phrase", "binary"]
# Kind of answer, questions and answers by language, the first answer's text before its aliases; None: no text.
# A language that is not named has the English ones.
ROWS: list[tuple[str, dict[str, str], dict[str, list[str | None]]]] = [
    (
        "entity",
        {"en": "who painted the old bridge at night", "de": "wer malte die alte brücke bei nacht"},
        {"en": ["Anna Weber", "A. Weber"], "de": ["Anna Weber", "Weber"], "ar": ["آنا فيبر"], "zh_cn": ["安娜·韦伯"]},
    ),
    (
        "entity",
        {"en": "what is the longest river of the valley", "de": "was ist der längste fluss des tals"},
        {"en": ["the Green River"], "de": ["der Grüne Fluss", "Grünfluss"], "ar": ["النهر الأخضر"], "zh_cn": ["绿河"]},
    ),
    (
        "date",
        {"en": "when was the lighthouse built", "de": "wann wurde der leuchtturm gebaut"},
        {"en": ["4 May 1890", "1890-05-04"], "de": ["4. Mai 1890"], "zh_cn": ["1890年5月4日"]},
    ),
    (
        "number_with_unit",
        {"en": "how high is the tower of the mill", "de": "wie hoch ist der turm der mühle"},
        {"en": ["30 metres", "30 m"], "de": ["30 Meter", "30 m"], "zh_cn": ["30米"]},
    ),
    (
        "binary",
        {"en": "is the museum open on monday", "de": "hat das museum montags offen", "zh_cn": "博物馆星期一开门吗"},
        {"en": ["yes"]},
    ),
    ("binary", {"en": "is the bridge made of wood", "de": "ist die brücke aus holz"}, {"en": ["no"]}),
    ("unanswerable", {"en": "who will win the race", "de": "wer wird das rennen gewinnen"}, {"en": [None]}),
    ("long_answer", {"en": "how do you build a boat", "de": "wie baut man ein boot"}, {"en": [None]}),
]


def rows() -> list[dict[str, Any]]:
    """The rows, with the columns of the real data set."""
    return [
        {
            "example_id": str(number),
            "queries": {column: questions.get(column, questions["en"]) for column in COLUMNS},
            "query": questions["en"],
            "answers": {
                column: [
                    {
                        "type": TYPES.index(kind),
                        "entity": "Q1" if kind == "entity" else None,
                        "text": accepted[0],
                        "aliases": accepted[1:],
                    }
                ]
                for column in COLUMNS
                for accepted in [answers.get(column, answers["en"])]
            },
        }
        for number, (kind, questions, answers) in enumerate(ROWS)
    ]


def seed_mkqa(loopback: Any, folder: Path) -> None:
    """Put it onto a Hub on loopback."""
    import pyarrow
    import pyarrow.parquet

    from hubprune.loopback.seeding import read_folder

    program, converted = folder / "program", folder / "converted"
    place = converted / "mkqa" / "train" / "0000.parquet"
    for parent in (program, place.parent):
        parent.mkdir(parents=True)
    (program / "mkqa.py").write_text("import datasets\n")
    (program / "README.md").write_text("---\nlicense:\n- cc-by-3.0\n---\n")
    texts = pyarrow.list_(pyarrow.string())
    answer = [("type", pyarrow.int64()), ("entity", pyarrow.string()), ("text", pyarrow.string()), ("aliases", texts)]
    answers = pyarrow.list_(pyarrow.struct(answer))
    schema = pyarrow.schema(
        [
            ("example_id", pyarrow.string()),
            ("queries", pyarrow.struct([(column, pyarrow.string()) for column in COLUMNS])),
            ("query", pyarrow.string()),
            ("answers", pyarrow.struct([(column, answers) for column in COLUMNS])),
        ]
    )
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows(), schema=schema), place)
    loopback.add_repo("apple/mkqa", program, "dataset")
    store = loopback.store
    with store.lock:
        tree = read_folder(store, converted)
        repository = store.repositories["dataset", "apple/mkqa"]
        store.commit(repository, "refs/convert/parquet", None, tree, title="Update parquet files", author="apple")
        store.save()
