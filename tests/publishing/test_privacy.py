"""Nothing of the author's computer may be published."""

from __future__ import annotations

import dataclasses
import json

import made_up_evidence as evidence
import made_up_reports as made
import pytest
import yaml

from hubprune.publishing import card, privacy
from hubprune.report import Sample

TOKEN = "hf_" + "aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA5b"


@pytest.mark.parametrize(
    "planted",
    [
        "/home/me/text/sw.jsonl",
        "see /Users/me/models.",
        "calib: /data/sw",
        "~/models/llama",
        "--calib=/scratch/a/b.txt",
        "C:\\Users\\amina\\text.txt",
        r"\\server\share\text.txt",
        "file:///etc/passwd",
        "http://localhost:8000/x",
        "http://127.0.0.1:5000",
        "http://192.168.0.7/hub",
        "https://amina:secret@example.org/x",
        f"token {TOKEN}.",
        "Authorization: Bearer abcdefgh12345678abcd",
    ],
)
def test_planted_leaks_are_found(planted: str) -> None:
    found = privacy.leaks(f"A line before.\n{planted}\nAnd after.")
    assert found
    assert not any(TOKEN in phrase for phrase in found), "the report of a leak must not leak"


@pytest.mark.parametrize(
    "innocent",
    [
        "https://huggingface.co/amina/x/resolve/main/plots/a.png",
        "allenai/c4@1588ec4 and/or 2/3, km/h, hf://amina/x@main",
        "</details> <img src='plots/a.png'>",
        "*.down_proj, model/layers/0",
        "× 1.18 / 1.30, 50 % / 2:4",
        "hf_hub_download and hf_transfer",
    ],
)
def test_ordinary_words_are_no_leaks(innocent: str) -> None:
    assert privacy.leaks(innocent) == []


def test_the_name_of_the_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "gpu-node-17.lab.example")
    assert privacy.leaks("Run on gpu-node-17 over night.") == ["this computer's name (gpu-node-17)"]
    monkeypatch.setattr("socket.gethostname", lambda: "language")
    assert privacy.leaks("One language.") == []


def test_report_and_recipe_are_cleaned() -> None:
    recipe = made.recipe(
        model="/home/me/models/my-llama",
        calib={"sw": "/home/me/text/sw.jsonl", "en": "allenai/c4@main"},
        eval_text="texts/held-out.txt",
    )
    report = made.report(
        recipe,
        model=made.model(id="my-llama", local=True, revision=None),
        texts=[made.record("sw", "evaluation", source="held-out.txt", revision=None)],
        warnings=["/home/me/models/my-llama/config.json says nothing of a context.", f"token {TOKEN}"],
        run=made.run(
            command="hubprune prune /home/me/models/my-llama ./out/x "
            "--calib 'sw=/home/me/my text/sw.jsonl,en=allenai/c4' "
            f"--token {TOKEN} --cache-dir=/scratch/hub --lang sw --eval-text texts/held-out.txt"
        ),
    )
    report, recipe = privacy.public(report, recipe)
    assert recipe.model == "./my-llama"
    assert recipe.calib == {"sw": "sw.jsonl", "en": "allenai/c4@main"}
    assert recipe.eval_text == "held-out.txt"
    assert report.run.command == (
        "hubprune prune ./my-llama x --calib sw=sw.jsonl,en=allenai/c4 --lang sw --eval-text held-out.txt"
    )
    assert report.warnings == ["config.json says nothing of a context.", "token [token]"]
    assert report.recipe["model"] == "./my-llama"
    for published in (json.dumps(report.to_dict()), yaml.safe_dump(recipe.to_dict())):
        assert privacy.leaks(published) == []


def test_cleaning_changes_nothing_that_is_public() -> None:
    report, recipe = made.report(), made.recipe()
    assert privacy.public(report, recipe) == (report, recipe)


def test_what_cleaning_leaves_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of hours must not end in a refusal for something that could have been taken out."""
    monkeypatch.setattr("socket.gethostname", lambda: "gpu-node-17")
    recipe = made.recipe(calib="file:///srv/text/sw.txt", eval_text="http://localhost:8000/x.txt")
    report = made.report(
        recipe,
        warnings=[f"gpu-node-17 is slow; see http://10.0.0.3/x and {TOKEN}"],
        run=made.run(
            device="cpu of gpu-node-17", command="hubprune push m --calib file:///srv/text/sw.txt --revision 'a"
        ),
    )
    report, recipe = privacy.public(report, recipe)
    assert report.run.device == "cpu of [computer]"
    for published in (json.dumps(report.to_dict()), yaml.safe_dump(recipe.to_dict())):
        assert privacy.leaks(published) == []


def test_tasks_and_generated_text_are_cleaned() -> None:
    """Local tasks lie somewhere on a disk, and a model writes whatever it read."""
    recipe = made.recipe(tasks=("auto", "/home/me/tasks", "own/items.yaml", "~/more", "xcopa_sw"))
    row = evidence.task("sw", "mine", source="local", version="/home/me/tasks/mine.yaml", kind=TOKEN)
    said = dict.fromkeys(("dense", "pruned"), f" see /home/me/notes.txt and http://localhost:80/x {TOKEN}")
    text = dataclasses.replace(evidence.generation("sw"), samples=[Sample("In ~/secret/x", said)])
    speed = evidence.speed()
    speed = dataclasses.replace(speed, device="cpu of /dev/shm/me", notes=["/home/me/model is too large."])
    report = evidence.full(
        recipe,
        tasks=[row],
        generations=[text],
        speed=speed,
        no_tasks={"en": "/home/me/tasks/en.yaml, line 3, is wrong"},
        no_generations=f"{TOKEN} is of no use",
        run=made.run(command="hubprune push m --tasks /home/me/tasks,xcopa_sw"),
    )
    assert privacy.leaks(json.dumps(report.to_dict()))
    cleaned, recipe = privacy.public(report, recipe)
    assert recipe.tasks == ("auto", "tasks", "items.yaml", "more", "xcopa_sw")
    assert cleaned.recipe["tasks"] == ["auto", "tasks", "items.yaml", "more", "xcopa_sw"]
    assert cleaned.generations[0].samples[0].prompt == "In x"
    assert cleaned.generations[0].samples[0].texts["dense"] == " see notes.txt and [address] [token]"
    assert cleaned.no_tasks == {"en": "en.yaml, line 3, is wrong"}
    assert cleaned.run.command == "hubprune push m --tasks tasks,xcopa_sw"
    rendered = card.render(report, made.recipe(), repo_id="me/x")
    for published in (json.dumps(cleaned.to_dict()), yaml.safe_dump(recipe.to_dict()), rendered):
        assert privacy.leaks(published) == []
        assert "/home" not in published


def test_cleaning_changes_no_public_task_or_text() -> None:
    assert privacy.public(evidence.full(made.recipe()), made.recipe()) == (evidence.full(made.recipe()), made.recipe())


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("hubprune push m --lang sw -y", "hubprune push m --lang sw"),
        ("hubprune prune m out --resume --lang sw --yes", "hubprune prune m out --lang sw"),
        ("hubprune prune m out --fresh --force -qv --format json --json", "hubprune prune m out"),
        ("hubprune push m --format=agent --public --no-eval", "hubprune push m --public --no-eval"),
        (
            "hubprune push m --commit-message 'a -y' --max-ppl-ratio 1.2",
            "hubprune push m --commit-message 'a -y' --max-ppl-ratio 1.2",
        ),
    ],
)
def test_the_command_has_only_what_a_reader_needs(typed: str, shown: str) -> None:
    """A card says how to make the model again, not how one run of it was kept going."""
    report = made.report(run=made.run(command=typed))
    command = privacy.public(report, made.recipe())[0].run.command
    assert command == shown
    assert f"Made with:\n\n```bash\n{command}\n```" in card.render(report, made.recipe(), repo_id=None)
