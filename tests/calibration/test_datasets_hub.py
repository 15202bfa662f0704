"""Text of data sets, streamed from a Hub on loopback that the environment does not name."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hubprune.calibration import Texts
from hubprune.errors import (
    Gated,
    HubpruneError,
    HubTrouble,
    NotFound,
    Offline,
    RevisionNotFound,
    TextTooShort,
    TextUnavailable,
)
from hubprune.loopback import LoopbackHub

from .conftest import sentences

Run = Callable[..., tuple[list[Any], Texts]]


def pack(path: Path, texts: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.dumps({"text": text, "timestamp": "2019-04-25T12:57:54Z", "url": "u"}) + "\n" for text in texts]
    path.write_bytes(gzip.compress("".join(rows).encode()))


def card(folder: Path, configs: dict[str, dict[str, str]], license: str) -> Path:
    lines = ["---", f"license: {license}", "configs:"]
    for config, splits in configs.items():
        lines += [f"- config_name: {config}", "  data_files:"]
        lines += [line for split, path in splits.items() for line in (f"  - split: {split}", f"    path: {path}")]
    (folder / "README.md").write_text("\n".join([*lines, "---", "# A data set", ""]))
    return folder


def c4_like(folder: Path) -> Path:
    """Languages en and sw, packed JSON lines in three files, splits train and validation."""
    configs = {}
    for language, stem in (("en", "en/c4"), ("sw", "multilingual/c4-sw")):
        train = sentences(language, 300, 1)
        for part in range(3):
            pack(folder / f"{stem}-train.0000{part}-of-00003.json.gz", train[part::3])
        pack(folder / f"{stem}-validation.00000-of-00001.json.gz", sentences(language, 60, 2))
        configs[language] = {split: f"{stem}-{split}.*.json.gz" for split in ("train", "validation")}
    return card(folder, configs, "\n- odc-by")


def fineweb_like(folder: Path) -> Path:
    """Occitan only, parquet, one split."""
    import pyarrow
    import pyarrow.parquet

    for part in range(2):
        path = folder / "data" / "oci_Latn" / "train" / f"00{part}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.table({"text": sentences("en", 60, part), "id": ["x"] * 60}), path)
    names = ("oci_Latn", "oci_Latn_removed")
    return card(folder, {name: {"train": f"data/{name}/train/*"} for name in names}, "odc-by")


@pytest.fixture(scope="module")
def hub(loopback: LoopbackHub, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A connection to a Hub that has data sets like the default corpora, and some that cannot be read."""
    from hubprune.hub import connect

    root = tmp_path_factory.mktemp("data sets")
    loopback.add_repo("allenai/c4", c4_like(root / "c4"), "dataset")
    loopback.add_repo("HuggingFaceFW/fineweb-2", fineweb_like(root / "fineweb"), "dataset")
    small = {
        "plain": {"train.jsonl": json.dumps({"body": "maji " * 400})},
        "script": {"script.py": "import datasets"},
        "empty": {"README.md": "---\nlicense: mit\n---\n"},
        "broken": {"train.jsonl": '{"text": "a"}\n{"text": "b\n'},
        "binary": {"train.json.gz": "this is not gzip"},
        "numbers": {"train.jsonl": '{"text": 7}'},
    }
    for name, files in small.items():
        (root / name).mkdir()
        for path, content in files.items():
            (root / name / path).write_text(content)
        loopback.add_repo(f"acme/{name}", root / name, "dataset")
    loopback.add_repo("acme/gated", root / "plain", "dataset", gated="manual")
    loopback.add_repo("acme/private", root / "plain", "dataset", private=True)
    return connect(endpoint=loopback.endpoint, token="hf_bob_write")


@pytest.fixture(autouse=True)
def prompt_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """`datasets` waits five seconds for its threads after each shuffled parquet stream."""
    import datasets

    monkeypatch.setattr(datasets.config, "SLEEP_TIME_ON_THREADS_SHUTDOWN", 0)
    monkeypatch.setattr(datasets.config, "STREAMING_READ_MAX_RETRIES", 1)


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    """The constants of `datasets` and huggingface_hub are as before."""
    import datasets
    from huggingface_hub import constants

    def state() -> tuple[Any, ...]:
        return (
            datasets.config.HF_ENDPOINT,
            datasets.config.HUB_DATASETS_URL,
            constants.ENDPOINT,
            constants.HUGGINGFACE_CO_URL_TEMPLATE,
            datasets.logging.get_verbosity(),
            datasets.are_progress_bars_disabled(),
        )

    before = state()
    yield
    assert state() == before


def commit(loopback: LoopbackHub, name: str) -> str:
    return loopback.repository(name, "dataset").refs["refs/heads/main"]


def test_by_default_c4(run: Run, hub: Any, loopback: LoopbackHub, capfd: pytest.CaptureFixture[str]) -> None:
    _, texts = run(hub=hub, lang="sw")
    revision = commit(loopback, "allenai/c4")
    assert texts.calib == texts.eval_text == dict.fromkeys(("sw", "en"), f"allenai/c4@{revision}")
    (calibration,), (control,), (swahili, english) = texts.calibration, texts.control, texts.evaluation
    record = calibration.record
    assert (record.source, record.revision, record.license) == ("allenai/c4", revision, "odc-by")
    assert (record.config, record.split, control.record.config) == ("sw", "train", "en")
    assert [(text.record.config, text.record.split) for text in (swahili, english)] == [
        ("sw", "validation"),
        ("en", "validation"),
    ]
    assert record.rule.startswith("Documents shuffled in a buffer of 1,000 with seed 0, each text once, joined by")
    assert capfd.readouterr().err == ""


def test_windows_are_drawn_by_seed_and_measured_in_order(run: Run, hub: Any, tokenizer: Any) -> None:
    keys: dict[str, Any] = {"hub": hub, "lang": "sw", "control": None}
    first, again, other = (run(seed=seed, **keys)[1] for seed in (0, 0, 1))
    hashes = [text.calibration[0].record.sha256 for text in (first, again, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert len({text.evaluation[0].record.sha256 for text in (first, again, other)}) == 1
    assert tokenizer.decode(first.evaluation[0].tokens[0]).startswith("<s>2 0 ")  # the first document of the file
    replayed = run(calib=first.calib, eval_text=first.eval_text, **keys)[1]
    assert replayed.calibration[0].record == first.calibration[0].record


def test_only_what_is_read_is_downloaded(run: Run, hub: Any, loopback: LoopbackHub) -> None:
    loopback.clear_requests()
    run(hub=hub, lang="sw", measure=False, samples=1)
    fetched = {record.path.rsplit("/", 1)[-1] for record in loopback.requests if "/resolve/" in record.path}
    assert not [name for name in fetched if "validation" in name or name.startswith("c4-train")]


def test_a_language_that_c4_lacks_comes_from_fineweb_2_and_is_dealt(run: Run, hub: Any, loopback: LoopbackHub) -> None:
    _, texts = run(hub=hub, lang="oc", samples=8)
    fineweb = f"HuggingFaceFW/fineweb-2@{commit(loopback, 'HuggingFaceFW/fineweb-2')}"
    c4 = f"allenai/c4@{commit(loopback, 'allenai/c4')}"
    assert texts.calib == {"oc": f"{fineweb}#calibrate", "en": c4}
    assert texts.eval_text == {"oc": f"{fineweb}#measure", "en": c4}
    record = texts.calibration[0].record
    assert (record.config, record.split, record.license) == ("oci_Latn", "train", "odc-by")
    assert record.rule.startswith("3 of 5 documents, dealt by hash, shuffled in a buffer")


def test_a_data_set_of_ones_own_is_measured_on_its_held_out_split(run: Run, hub: Any) -> None:
    keys: dict[str, Any] = {"hub": hub, "lang": "sw", "control": None}
    _, texts = run(calib="allenai/c4:sw:train:text", **keys)
    assert texts.calib["sw"].endswith(":sw:train:text")
    assert texts.evaluation[0].record.split == "validation"
    _, texts = run(calib="allenai/c4:sw:validation", **keys)  # asked for: then the same split is dealt
    assert [text.record.split for text in (*texts.calibration, *texts.evaluation)] == ["validation", "validation"]
    assert texts.calib["sw"].endswith(":sw:validation#calibrate")


def test_a_data_set_without_languages_is_in_the_only_one(run: Run, hub: Any) -> None:
    _, texts = run(hub=hub, lang="sw", calib="acme/plain:::body", samples=2, measure=False)
    assert (texts.calibration[0].record.config, texts.calibration[0].record.license) == ("default", None)
    with pytest.raises(TextUnavailable, match=r"acme/plain has no text in Swahili; it has: default\."):
        run(hub=hub, lang="sw,en", calib="acme/plain", measure=False)


@pytest.mark.parametrize(
    ("calib", "error", "message"),
    [
        ("acme/none", NotFound, "There is no data set acme/none on the Hub, or it is private"),
        ("acme/private", NotFound, "There is no data set acme/private on the Hub, or it is private"),
        ("acme/gated", Gated, "acme/gated is gated, and you have not accepted its terms. Accept them at http"),
        ("allenai/c4@v9", RevisionNotFound, "allenai/c4 has no revision 'v9'."),
        (
            "acme/script",
            TextUnavailable,
            "acme/script is a data set with a program of its own, which is not run. Its plain",
        ),
        ("acme/empty", TextUnavailable, "acme/empty has no data files that can be read. Choose another data set."),
        ("acme/broken", TextUnavailable, "acme/broken cannot be read: JSON parse error"),
        ("acme/binary", TextUnavailable, "acme/binary cannot be read: "),
        ("acme/numbers", TextUnavailable, "acme/numbers: 'text' is no text. Name the column: acme/numbers:::COLUMN."),
        ("acme/plain", TextUnavailable, "acme/plain has no field 'text'; it has: body. Name the field with the text"),
        (
            "acme/plain:::body",
            TextTooShort,
            "Only 12 of 99 windows of 32 tokens could be built from acme/plain (Swahili)",
        ),
        ("allenai/c4:xx", TextUnavailable, "allenai/c4 has no such config; it has: 'en', 'sw'. Name one of them."),
        ("allenai/c4::dev", TextUnavailable, "allenai/c4 has no split 'dev' in 'sw'; it has: train, validation."),
    ],
)
def test_failures(run: Run, hub: Any, calib: str, error: type[HubpruneError], message: str) -> None:
    with pytest.raises(error) as caught:
        run(hub=hub, lang="sw", calib=calib, measure=False, samples=99)
    assert str(caught.value).startswith(message)
    assert caught.value.next_step
    assert "hf_bob" not in str(caught.value)


def test_a_language_that_no_source_has(run: Run, hub: Any) -> None:
    with pytest.raises(TextUnavailable, match=r"^The default corpora have no text in French\. Give a file, folder or"):
        run(hub=hub, lang="fr")
    with pytest.raises(TextUnavailable, match=r"^allenai/c4 has no text in French; it has: en, sw\. Give another"):
        run(hub=hub, lang="fr", calib="allenai/c4")
    with pytest.raises(TextUnavailable, match=r"^allenai/c4 has no text in French; it has: en, sw\."):
        run(hub=hub, lang="fr", calib="allenai/c4:sw")  # Swahili is not taken for French


def test_a_hub_that_is_not_there(run: Run) -> None:
    from hubprune.hub import connect

    with pytest.raises(Offline, match="The Hub cannot be reached"):
        run(hub=connect(endpoint="http://127.0.0.1:9", token=False), lang="sw")


def test_a_busy_hub_is_waited_for_and_one_in_trouble_is_not(run: Run, hub: Any, loopback: LoopbackHub) -> None:
    question = "GET /api/datasets/allenai/c4"
    loopback.fault(question, status=503)
    assert run(hub=hub, lang="sw", measure=False)[1].calibration
    loopback.fault(question, status=429, retry_after=1000)
    with pytest.raises(HubTrouble, match="too many requests"):
        run(hub=hub, lang="sw", measure=False)


def test_with_the_endpoint_of_the_environment(hub: Any, loopback: LoopbackHub, model_folder: Path) -> None:
    code = f"""if True:
        from transformers import AutoTokenizer
        from hubprune.calibration import gather
        from hubprune.hub import connect
        from hubprune.recipe import Recipe
        recipe = Recipe("some/model", lang="sw", samples=2, measure=False)
        for event in gather(recipe, AutoTokenizer.from_pretrained({str(model_folder)!r}), connect(), seq_len=32):
            print(event)
    """
    environment = os.environ | loopback.environment("hf_bob_write") | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "Progress(stage='text', done=2, total=2, unit='window')"
