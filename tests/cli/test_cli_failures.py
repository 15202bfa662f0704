"""Failures: a sentence, a next step, an exit code, in every format; never a token."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys

import pytest

from hubprune import errors
from hubprune.cli import app

TOKEN = "hf_" + "abcDEF123" * 4


def tree(kind: type[errors.HubpruneError]) -> list[type[errors.HubpruneError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in tree(child))]


KNOWN = sorted(
    {kind for kind in tree(errors.HubpruneError) if kind.__module__ == "hubprune.errors"}, key=lambda k: k.__name__
)


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch):
    """Have `hubprune languages` raise this."""

    def put(error: BaseException) -> None:
        def broken(query: str | None) -> None:
            raise error

        monkeypatch.setattr("hubprune.cli.about.matching", broken)

    return put


@pytest.mark.parametrize("kind", KNOWN)
def test_every_known_failure(kind: type[errors.HubpruneError], cli, fails) -> None:
    fails(kind("It is broken.", "Mend it.\nThen try again."))
    answer = cli("languages")
    assert answer.code == (2 if issubclass(kind, errors.UsageError) else 3 if kind is errors.QualityGate else 1)
    assert answer.out == ""
    assert answer.err == "Error: It is broken.\n       Mend it.\n       Then try again.\n"
    answer = cli("languages", "--json")
    failure = {"type": kind.__name__, "message": "It is broken.", "next_step": "Mend it.\nThen try again."}
    assert json.loads(answer.out) == {"schema_version": 1, "error": failure | {"exit_code": answer.code}}
    assert answer.err.startswith("Error: It is broken.")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "The memory did not suffice."),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA"), "The memory did not suffice."),
        (OSError(errno.ENOSPC, "No space left on device", "out"), "The disk is full at out."),
        (OSError(errno.EACCES, "Permission denied", "out/a"), "out/a cannot be used: permission denied."),
        (OSError(errno.EPERM, "Operation not permitted"), "A file cannot be used: operation not permitted."),
        (OSError(errno.EROFS, "Read-only", "out"), "out cannot be used: read-only file system."),
        (OSError(errno.ENOTDIR, "Not a directory", "a/b"), "a/b cannot be used: not a directory."),
        (OSError(errno.EISDIR, "Is a directory", "a"), "a cannot be used: is a directory."),
    ],
)
def test_what_the_system_lacks(error: Exception, sentence: str, cli, fails) -> None:
    fails(error)
    answer = cli("languages")
    assert answer.code == 1
    assert answer.err.startswith(f"Error: {sentence}\n       ")
    assert "Traceback" not in answer.err


def test_a_defect_keeps_its_traceback(cli, fails) -> None:
    fails(KeyError("lost"))
    answer = cli("languages", "--json")
    assert answer.code == 1
    assert "Traceback" in answer.err
    assert "KeyError: 'lost'" in answer.err
    assert "hubprune env" in answer.err
    assert json.loads(answer.out)["error"]["type"] == "KeyError"


@pytest.mark.parametrize(("value", "shown"), [("1", True), ("0", False), ("", False)])
def test_debug_shows_every_traceback(value: str, shown: bool, cli, fails, monkeypatch) -> None:
    monkeypatch.setenv("HUBPRUNE_DEBUG", value)
    fails(errors.Offline("No way out."))
    answer = cli("languages")
    assert ("Traceback" in answer.err) is shown
    assert answer.err.endswith("Error: No way out.\n")


@pytest.mark.parametrize(
    ("words", "sentence", "step"),
    [
        (["pish"], "There is no command 'pish'.", "Did you mean 'push'?"),
        (["xyzzy"], "There is no command 'xyzzy'.", "Known: push, plan, prune"),
        (["push", "m", "--lnag", "sw"], "There is no flag --lnag.", "Did you mean --lang?"),
        (["push", "m", "--eval_smples", "3"], "There is no flag --eval", "Did you mean --eval-samples?"),
        (["push", "m", "--xyzzy"], "There is no flag --xyzzy.", "All flags: hubprune push --help"),
        (["push"], "There is no MODEL.", "For example: hubprune push Qwen/Qwen3-0.6B --lang sw"),
        (["inspect"], "There is no MODEL.", "See: hubprune inspect --help"),
        (["push", "m", "--method", "prayer"], "Invalid value for '--method'", "See: hubprune push --help"),
        (["push", "m", "--samples", "many"], "Invalid value for '--samples'", "See: hubprune push --help"),
        (["push", "m", "--lang", "swahilli"], "No language is called 'swahilli'.", "Swahili"),
        (["prune", "--lang"], "Option '--lang' requires an argument.", "See: hubprune prune --help"),
        (["card", "nowhere"], "nowhere was not written by hubprune.", "hubprune prune"),
        (["languages", "swahilli"], "No language is called 'swahilli'.", "Swahili"),
        (["env", "extra"], "Got unexpected extra argument", "See: hubprune env --help"),
    ],
)
def test_wrong_words(words: list[str], sentence: str, step: str, cli) -> None:
    answer = cli(*words)
    assert (answer.code, answer.out) == (2, "")
    first, second, *_ = answer.err.splitlines()
    assert first.startswith(f"Error: {sentence}")
    assert step in second
    told = json.loads(cli(*words, "--json").out)["error"]
    assert (told["type"] in ("UsageError", "LanguageUnknown"), told["exit_code"]) == (True, 2)


@pytest.mark.parametrize("words", [["--token", "very-secret"], ["--token=very-secret"], ["--token", TOKEN]])
def test_a_token_never_appears(words: list[str], cli, fails, monkeypatch) -> None:
    def leaky(**more: object) -> None:
        raise RuntimeError(f"the server said: bad token {more['token']}")

    monkeypatch.setattr("hubprune.hub.connect", leaky)
    answer = cli("plan", "org/base", "--lang", "sw", "--json", *words)
    assert answer.code == 1
    assert "bad token hf_***" in answer.err
    assert "very-secret" not in answer.out + answer.err
    assert TOKEN not in answer.out + answer.err


def test_the_token_of_the_environment_never_appears(cli, fails, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "odd-token")
    fails(RuntimeError(f"odd-token and {TOKEN}"))
    answer = cli("languages")
    assert "RuntimeError: hf_*** and hf_***" in answer.err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), app.click.Abort()])
def test_interrupted(error: BaseException, cli, fails) -> None:
    fails(error)
    answer = cli("languages", "a word")
    assert (answer.code, answer.out) == (130, "")
    assert answer.err == "\nInterrupted. To go on:\n  hubprune languages 'a word'\n"
    assert json.loads(cli("languages", "--json").out)["error"]["exit_code"] == 130


def test_a_reader_that_has_gone_is_no_failure_worth_a_word() -> None:
    command = [sys.executable, "-m", "hubprune", "languages", "-q"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait(timeout=60)


def test_a_stream_that_cannot_spell_it_gets_question_marks(monkeypatch) -> None:
    plain = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", plain)
    assert app.run(["languages", "zh", "--format", "agent"]) == 0
    plain.seek(0)
    assert "zh\tChinese\t??" in plain.read()


def test_hubprune_as_a_process() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hubprune", "pish"], capture_output=True, text=True, check=False, env=os.environ.copy()
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: There is no command 'pish'.")


def test_an_evaluation_that_is_interrupted_starts_again(capsys) -> None:
    from hubprune.cli.failures import tell_interrupted
    from hubprune.cli.output import Output

    assert tell_interrupted("hubprune eval a --lang sw", Output()) == 130
    assert capsys.readouterr().err == "\nInterrupted. To start again:\n  hubprune eval a --lang sw\n"
