"""Every known failure that the documentation promises, made to happen: its sentence, next step and exit code."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import known_failures as made
import pytest

from hubprune.demo.offline import only
from hubprune.hub import retry
from hubprune.loopback import LoopbackHub

ALICE, READER, BOB = (["--token", f"hf_{name}"] for name in ("alice_write", "alice_read", "bob_write"))
LANG = ["--lang", "sw"]
SHORT = [*LANG, "--eval-samples", "2", "--seq-len", "64", "--device", "cpu"]
RUN = [*SHORT, "--samples", "3", "--calib", "demo", "--no-eval"]
SIGN_IN = "sign in with `hf auth login`, or set HF_TOKEN."
HIDDEN = "on the Hub, or it is private and not visible to this account."
AGAIN = "Download or copy the model again, or use another revision."
REFUSED = "The Hub cannot be reached ([Errno 111] Connection refused)."
PICKLE = "has pickle weights only (pytorch_model.bin). They can run foreign code when loaded, and are refused."

# name: (command line, what happens around it, exit code, sentence, next step)
CASES: dict[str, tuple[list[str], made.Around, int, str, str]] = {
    "not found, stranger": (
        ["plan", "acme/missing", *LANG],
        made.as_usual,
        1,
        f"There is no model acme/missing {HIDDEN}",
        f"Check the spelling. If it is private: {SIGN_IN}",
    ),
    "not found, signed in": (
        ["plan", "acme/missing", *LANG, *BOB],
        made.as_usual,
        1,
        f"There is no model acme/missing {HIDDEN}",
        "Check the spelling, or use a token of an account that may see it.",
    ),
    "private, stranger": (
        ["plan", "acme/hidden", *LANG],
        made.as_usual,
        1,
        f"There is no model acme/hidden {HIDDEN}",
        f"Check the spelling. If it is private: {SIGN_IN}",
    ),
    "private, signed in": (
        ["plan", "acme/hidden", *LANG, *BOB],
        made.as_usual,
        1,
        f"There is no model acme/hidden {HIDDEN}",
        "Check the spelling, or use a token of an account that may see it.",
    ),
    "gated, stranger": (
        ["plan", "acme/gated", *LANG],
        made.as_usual,
        1,
        "acme/gated is gated, and you are not signed in.",
        f"Accept its terms at HUB/acme/gated; then: {SIGN_IN}",
    ),
    "gated, terms not accepted": (
        ["plan", "acme/gated", *LANG, *BOB],
        made.as_usual,
        1,
        "acme/gated is gated, and you have not accepted its terms.",
        "Accept them at HUB/acme/gated and run the command again.",
    ),
    "gated, token without the scope": (
        ["plan", "acme/sound", *LANG, *BOB],
        made.no_scope,
        1,
        "Your token lacks the scope to read gated repositories such as acme/sound.",
        "Tick the access to public gated repositories in the token's settings, or use another token.",
    ),
    "unknown revision": (
        ["plan", "acme/sound", *LANG, "--revision", "v9"],
        made.as_usual,
        1,
        "acme/sound has no revision 'v9'.",
        "Name one of its branches, tags or commits, or leave --revision out.",
    ),
    "offline mode": (
        ["plan", "acme/sound", *LANG],
        made.offline,
        1,
        "The model acme/sound is not completely in the cache, and offline mode is on.",
        "Unset HF_HUB_OFFLINE to download it.",
    ),
    "no network": (
        ["plan", "acme/sound", *LANG],
        made.no_hub,
        1,
        REFUSED,
        "Check the network and HF_ENDPOINT; HF_HUB_OFFLINE=1 uses what is in the cache.",
    ),
    "pickle only": (
        ["plan", "acme/pickle_only", *LANG],
        made.as_usual,
        1,
        f"acme/pickle_only {PICKLE}",
        "Use a repository or a revision with safetensors, or save the model again with save_pretrained.",
    ),
    "remote code": (
        ["plan", "foreign_code", *LANG],
        made.as_usual,
        1,
        "foreign_code wants to run Python code from its own repository.",
        "Read that code; if you trust it, add --trust-remote-code.",
    ),
    "an encoder": (
        ["plan", "encoder", *LANG],
        made.as_usual,
        1,
        "BertLMHeadModel is an encoder here: what it says of a token depends on later ones.",
        "Use a model that generates text; encoders such as BERT cannot be pruned.",
    ),
    "an unknown class": (
        ["plan", "unknown_class", *LANG],
        made.as_usual,
        1,
        "The configuration of unknown_class cannot be used: this version of transformers knows no model type 'novel'.",
        "Use a model of a class that transformers knows.",
    ),
    "not enough memory": (
        ["prune", "sound", "out", *RUN],
        made.little_memory,
        1,
        "This needs about 4.3 GB of memory; 90.0 MB are free.",
        "Give a smaller --batch-size or --seq-len, or use a machine with more memory.",
    ),
    "not enough disk": (
        ["prune", "sound", "out", *RUN],
        made.little_disk,
        1,
        "The result takes 8.5 MB; 1.5 MB are free there.",
        "Free some disk, or give a folder on another one.",
    ),
    "text too short": (
        ["prune", "sound", "out", *SHORT, "--no-eval", "--calib", "short.txt", "--samples", "99"],
        made.as_usual,
        1,
        "Only 14 of 99 windows of 64 tokens could be built from short.txt (Swahili).",
        "Lower --samples to 14 or --seq-len, or give more text with --calib.",
    ),
    "language unknown": (
        ["plan", "sound", "--lang", "swahilli"],
        made.as_usual,
        2,
        "No language is called 'swahilli'.",
        "Did you mean Swahili (sw)?",
    ),
    "a task nobody knows": (
        ["prune", "sound", "out", *SHORT, "--calib", "demo", "--eval-text", "demo", "--tasks", "xcopa_sx"],
        made.as_usual,
        2,
        "lm-eval has no task 'xcopa_sx'.",
        "Nearest: xcopa_sw, copa_es, xcopa_zh.",
    ),
    "no lm-eval": (
        ["prune", "sound", "out", *SHORT, "--calib", "demo", "--eval-text", "demo"],
        made.no_lm_eval,
        1,
        "Tasks are measured by lm-eval, which is not installed.",
        "Install it: pip install 'hubprune[eval]', or go on with perplexity alone: --tasks none",
    ),
    "a gate without its measurement": (
        ["prune", "sound", "out", *SHORT, "--tasks", "none", "--min-kept", "95%"],
        made.as_usual,
        2,
        "--min-kept needs tasks.",
        "Leave --no-eval and --tasks none out.",
    ),
    "a share that is none": (
        ["prune", "sound", "out", *SHORT, "--min-kept", "much"],
        made.as_usual,
        2,
        "'much' is no share.",
        "Try 95% or 0.95.",
    ),
    "compare without a prompt": (
        ["compare", "sound", "sound"],
        made.as_usual,
        2,
        "A prompt is missing or empty.",
        "Give one with -p, or a language with --lang.",
    ),
    "compare with no model": (
        ["compare", "sound", "acme/missing", "-p", "Habari"],
        made.as_usual,
        1,
        f"There is no model acme/missing {HIDDEN}",
        f"Check the spelling. If it is private: {SIGN_IN}",
    ),
    "eval without language": (
        ["eval", "sound"],
        made.as_usual,
        2,
        "No language to measure is named.",
        "Add --lang, for example sw,en.",
    ),
    "a control without text": (
        ["prune", "sound", "out", *SHORT, "--calib", "long.txt", "--samples", "3"],
        made.no_hub,
        1,
        f"The control's text in English comes from allenai/c4. {REFUSED}",
        "Give the control a text: --calib sw=long.txt,en=FILE; or add --no-control.",
    ),
    "one text for two languages": (
        ["prune", "sound", "out", *SHORT, "--calib", "demo", "--eval-text", "long.txt", "--samples", "3"],
        made.no_hub,
        1,
        "long.txt does not say which of several languages it is.",
        "Give each its own: --eval-text sw=long.txt,en=FILE; or measure fewer with --no-control.",
    ),
    "output exists": (
        ["prune", "sound", "result", *RUN],
        made.as_usual,
        1,
        "result exists and is not empty.",
        "Give another folder, or --force to replace it.",
    ),
    "repository exists": (
        ["push", "sound", "alice/taken", *RUN, *ALICE],
        made.as_usual,
        1,
        "alice/taken exists and holds something else.",
        "Choose another name, open a pull request with --create-pr, or replace its weights with --force.",
    ),
    "a token that only reads": (
        ["push", "sound", "alice/new", *RUN, *READER],
        made.as_usual,
        1,
        "Your token can read, but not write.",
        "Sign in with a token that has write access.",
    ),
    "another's namespace": (
        ["push", "result", "bob/new", *ALICE],
        made.as_usual,
        1,
        "alice may not write to bob/new: bob is neither this account nor one of its organisations.",
        "Publish to alice/new, or use a token of a member of bob.",
    ),
    "no name of a repository": (
        ["push", "result", "alice/bad name!", *ALICE],
        made.as_usual,
        2,
        "'alice/bad name!' cannot be the name of a repository.",
        "Use owner/name, with letters, digits, '-', '_' and '.'.",
    ),
    "not signed in": (
        ["push", "result"],
        made.as_usual,
        1,
        "You are not signed in.",
        f"S{SIGN_IN[1:]}",
    ),
    "upload interrupted": (
        ["push", "result", "alice/new", *ALICE],
        made.broken_commit,
        1,
        "The upload to alice/new broke off. The Hub is in trouble (error 503).",
        "Run the same command again: it completes the upload.",
    ),
    "NaN": (
        ["prune", "nan", "out", *RUN],
        made.as_usual,
        1,
        "The weight model.layers.1.mlp.up_proj.weight holds NaN or Inf.",
        "Use another revision of the model.",
    ),
    "truncated": (
        ["plan", "truncated", *LANG],
        made.as_usual,
        1,
        "model.safetensors of truncated ends before its last weight.",
        AGAIN,
    ),
    "bad header": (
        ["plan", "bad_header", *LANG],
        made.as_usual,
        1,
        "model.safetensors of bad_header has no readable header.",
        AGAIN,
    ),
    "bad header on the Hub": (
        ["plan", "acme/bad_header", *LANG],
        made.as_usual,
        1,
        "model.safetensors of acme/bad_header has no readable header.",
        AGAIN,
    ),
    "index outside the folder": (
        ["plan", "index_outside", *LANG],
        made.as_usual,
        1,
        "model.safetensors.index.json of index_outside names '../../else.safetensors', which is no weight file of this "
        "model.",
        "Do not use this copy of the model: its index was made or damaged by hand.",
    ),
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """The folder that commands run in: models and texts."""
    folder = tmp_path_factory.mktemp("here")
    made.make_models(model_folder, folder)
    return folder


@pytest.fixture(scope="module")
def hub(here: Path, loopback: LoopbackHub) -> LoopbackHub:
    for name in ("sound", "pickle_only", "bad_header"):
        loopback.add_repo(f"acme/{name}", here / name)
    loopback.add_repo("acme/hidden", here / "sound", private=True)
    loopback.add_repo("acme/gated", here / "sound", gated="auto")
    loopback.add_repo("alice/taken", here / "sound")
    return loopback


@pytest.fixture
def at_home(hub: LoopbackHub, here: Path, cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """In that folder, with that Hub, an empty cache, and a result that `prune` wrote."""
    monkeypatch.chdir(here)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache" / "hub"))
    monkeypatch.setattr(retry, "time", SimpleNamespace(sleep=lambda seconds: None))
    with only(hub.endpoint, tmp_path / "home"):
        if not (here / "result").exists():
            assert cli("prune", "sound", "result", *RUN, "--method", "magnitude").code == 0
        yield
    hub.clear_faults()


@pytest.mark.parametrize("case", CASES)
def test_known_failure(case: str, at_home: None, hub: LoopbackHub, cli, monkeypatch: pytest.MonkeyPatch) -> None:
    words, around, code, sentence, step = CASES[case]
    with monkeypatch.context() as patch:
        around(patch, hub)
        answer = cli(*words)
    told = [line for line in answer.err.replace(hub.endpoint, "HUB").splitlines() if not line.startswith("[")]
    assert (told, answer.code, answer.out) == ([f"Error: {sentence}", f"       {step}"], code, "")
    assert not Path("out").exists()
