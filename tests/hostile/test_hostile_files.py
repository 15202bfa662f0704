"""Links, tokenizers and cards that mean harm: refused, or taken for what they are."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from hostile import PRUNED, WEIGHTS, Refused, attempt, with_config, with_file, with_link, with_weights

from hubprune.hub import Hub

LEADS_OUT = "is a link that leads out of the folder."
TOKENIZER = "CheckpointDamaged: The tokenizer cannot be loaded: "


@pytest.mark.parametrize(
    "name", ["LICENSE", "NOTICE.txt", "tokenizer.model", "chat_template.jinja", "README.md", WEIGHTS]
)
def test_a_link_that_leads_out(name: str, base: Path, tmp_path: Path, refused: Refused) -> None:
    """A licence that is a link to a private key would be copied, and then published."""
    secret = tmp_path / "secret"
    shutil.copy(base / WEIGHTS, secret)
    answer = refused(with_link(name, secret))
    assert answer.startswith(f"CheckpointDamaged: {name} in tiny {LEADS_OUT}"), answer
    assert "Put a copy of the file in its place" in answer


@pytest.mark.parametrize("target", ["../../secret", "nowhere/../../../secret", "/nonexistent", "NOTICE"])
def test_links_of_every_kind(target: str, tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "secret").write_text("a key")
    assert LEADS_OUT in refused(with_link("NOTICE", target))


def test_a_folder_that_is_a_link(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "diary.jinja").write_text("dear diary")
    answer = refused(with_link("additional_chat_templates", tmp_path / "private"))
    assert f"additional_chat_templates in tiny {LEADS_OUT}" in answer


def test_links_inside_the_folder_and_to_folders_that_are_not_read(model: Path, tmp_path: Path, hub: Hub) -> None:
    with_link("NOTICE", "README.md")(model)
    (tmp_path / "runs").mkdir()
    (model / "runs").symlink_to(tmp_path / "runs")
    assert attempt(model, tmp_path / "out", hub) == PRUNED
    assert (tmp_path / "out" / "NOTICE").read_bytes() == (model / "README.md").read_bytes()
    assert not (tmp_path / "out" / "NOTICE").is_symlink()


def test_a_snapshot_of_the_hubs_cache_is_made_of_links(base: Path, tmp_path: Path, hub: Hub) -> None:
    repository = tmp_path / "hub" / "models--org--tiny"
    snapshot = repository / "snapshots" / "0123abc"
    snapshot.mkdir(parents=True)
    shutil.copytree(base, repository / "blobs")
    for path in base.iterdir():
        (snapshot / path.name).symlink_to(Path("..", "..", "blobs", path.name))
    assert attempt(snapshot, tmp_path / "out", hub) == PRUNED
    (snapshot / "LICENSE").symlink_to("../../../secret")
    assert LEADS_OUT in attempt(snapshot, tmp_path / "out2", hub)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tokenizer.json", '{"version": "1.0"}'),
        ("tokenizer.json", "[]"),
        ("tokenizer.json", b"\xff\x00"),
        ("tokenizer.json", "[" * 100_000),
        ("tokenizer_config.json", '{"auto_map": {"AutoTokenizer": ["evil.Tokenizer", null]}}'),
        ("tokenizer_config.json", '{"tokenizer_class": 3}'),
    ],
)
def test_a_tokenizer_that_cannot_be_loaded(name: str, content: str | bytes, refused: Refused) -> None:
    answer = refused(with_file(name, content))
    assert answer.startswith(TOKENIZER), answer
    assert answer.endswith("| Use a model that brings its tokenizer.")


def test_a_tokenizer_of_a_larger_vocabulary(refused: Refused) -> None:
    def smaller(model: Path) -> None:
        with_weights(lambda t: t.update({"model.embed_tokens.weight": t["model.embed_tokens.weight"][:4000].clone()}))(
            model
        )
        with_config(vocab_size=4000)(model)

    answer = refused(smaller)
    assert "CheckpointDamaged: The tokenizer has 5,120 tokens, the model embeds 4,000." in answer


def added(number: int, content: str) -> dict[str, object]:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": content, "special": False, **flags}


def test_an_added_token_beyond_the_embeddings(model: Path, tmp_path: Path, hub: Hub) -> None:
    """Harmless until text has it, as with the image token of text models that were cut from larger ones."""
    path = model / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    tokenizer["added_tokens"].append(added(5120, "<image>"))
    path.write_text(json.dumps(tokenizer))
    assert attempt(model, tmp_path / "out", hub) == PRUNED
    tokenizer["added_tokens"].append(added(5121, " "))
    path.write_text(json.dumps(tokenizer))
    answer = attempt(model, tmp_path / "out2", hub)
    assert "CheckpointDamaged: The tokenizer gives the token 5,121, the model embeds 5,120." in answer


CARDS = {
    "list": "[1]",
    "broken": "license: [a",
    "code": '!!python/object/apply:os.system ["true"]',
    "tag": 'license: !!python/object/apply:os.system ["true"]',
}


@pytest.mark.parametrize("case", CARDS)
def test_a_card_that_cannot_be_read(case: str, refused: Refused) -> None:
    answer = refused(with_file("README.md", f"---\n{CARDS[case]}\n---\n# Base\n"))
    assert answer.startswith("CheckpointDamaged: The metadata in README.md of tiny is no readable YAML."), answer


INJECTION = (
    "x\n---\n# Injected\n<script>alert(1)</script> [click](javascript:alert(1)) ![i](https://evil.example/p.png)"
)


@pytest.mark.parametrize("nested", [False, True])
def test_a_card_and_a_template_that_want_to_speak_in_ours(nested: bool, model: Path, tmp_path: Path, hub: Hub) -> None:
    def value(text: str) -> object:
        return {text: [text]} if nested else text

    fields = {"license": "other", "license_name": INJECTION, "license_link": "javascript:alert(1)"}
    fields |= {"pipeline_tag": INJECTION, "tags": [INJECTION], "base_model": INJECTION, "model_name": INJECTION}
    fields |= {"library_name": INJECTION, "datasets": [INJECTION], "language": [INJECTION], "extra": INJECTION}
    card = yaml.safe_dump({key: value(text) if isinstance(text, str) else text for key, text in fields.items()})
    (model / "README.md").write_text(f"---\n{card}---\n# Injected\n{INJECTION}\n")
    (model / "chat_template.jinja").write_text(
        "{{ raise_exception('Injected') }}{% include '/etc/passwd' %}" + INJECTION
    )
    with_config(architectures=[INJECTION], _name_or_path=INJECTION, name_or_path=INJECTION)(model)
    assert attempt(model, tmp_path / "out", hub) == PRUNED
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    _, front, body = text.split("---\n", 2)
    assert "\n# Injected" not in text
    assert "<script" not in body
    assert not re.search(r"(?<!\\)\]\((javascript|https://evil)", body)
    data = yaml.safe_load(front)
    assert not {"extra", "base_model"} & data.keys()
    assert "javascript" not in str(data.get("license_link"))
    assert not [tag for tag in data["tags"] if "Injected" in tag]
    assert data["library_name"] == "transformers"
    assert (tmp_path / "out" / "chat_template.jinja").read_bytes() == (model / "chat_template.jinja").read_bytes()


def test_aliases_that_would_unfold_for_ever(model: Path, tmp_path: Path, hub: Hub) -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40))]
    (model / "README.md").write_text("---\n" + "\n".join(lines) + "\nlicense: [*a39]\nlicense_name: *a39\n---\n")
    assert attempt(model, tmp_path / "out", hub) == PRUNED
