"""The whole loop against a Hub on loopback: publish, replay, interruption, and no token anywhere."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import ModelCard
from running import digests, finish, small

from hubprune.errors import HubpruneError, NoWritePermission, RepoExists, UploadInterrupted, UsageError
from hubprune.events import Published, Stage
from hubprune.hub import Hub, connect, retry
from hubprune.loopback import LoopbackHub, User
from hubprune.planning import make_plan
from hubprune.recipe import Recipe
from hubprune.run import evaluate, prune, publish, push

TOKEN = "hf_aVerySecretTokenOfAlice123"
BASE = "acme/base"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Iterator[LoopbackHub]:
    users = {TOKEN: User("alice", "write", ("acme",))}
    users |= {"hf_bob_write": User("bob"), "hf_alice_read": User("alice", "read")}
    with LoopbackHub(tmp_path_factory.mktemp("server"), users=users) as server:
        server.add_repo(BASE, model_folder)
        yield server


@pytest.fixture
def hub(server: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(retry, "time", SimpleNamespace(sleep=lambda seconds: None))
    server.clear_faults()
    server.clear_requests()
    yield connect(server.endpoint, TOKEN, tmp_path / "home" / "hub")
    server.clear_faults()


def test_push_publishes_privately_and_a_replay_gives_the_same_weights(
    server: LoopbackHub, hub: Hub, tmp_path: Path
) -> None:
    (report, published), events = finish(push(small(BASE, method="sparsegpt"), hub=hub))
    assert published.repo_id == "alice/base-sparsegpt50-sw"
    assert published.private
    assert server.repository(published.repo_id).private
    assert [event.name for event in events if isinstance(event, Stage)][-1] == "publish"
    files = server.list_files(published.repo_id)
    assert {"model.safetensors", "README.md", "hubprune.yaml", "hubprune_results.json", "config.json"} <= set(files)
    assert not (hub.cache_dir.parent / "hubprune").exists() or not list((hub.cache_dir.parent / "hubprune").iterdir())

    saved = tmp_path / "hubprune.yaml"
    saved.write_bytes(server.read_file(published.repo_id, "hubprune.yaml"))
    recipe = Recipe.load(saved)
    assert recipe.model == BASE
    assert recipe.revision == report.model.revision
    finish(prune(recipe, tmp_path / "replay", hub=hub))
    weights = server.read_file(published.repo_id, "model.safetensors")
    assert (tmp_path / "replay" / "model.safetensors").read_bytes() == weights

    card = ModelCard(server.read_file(published.repo_id, "README.md").decode())
    assert card.data.base_model == BASE
    rows = {row.language: row.scores["pruned"].perplexity for row in report.languages}
    for result in (one for one in card.data.eval_results if one.metric_type == "perplexity"):
        assert result.metric_value == pytest.approx(rows[result.dataset_config], rel=1e-4)


def test_a_finished_push_is_not_done_again(hub: Hub) -> None:
    recipe, name = small(BASE, seed=11, measure=False), "alice/finished"
    (_, first), _ = finish(push(recipe, name, hub=hub))
    (report, second), events = finish(push(recipe, name, hub=hub))
    assert second.commit == first.commit
    assert report.recipe["seed"] == 11
    assert not any(isinstance(event, Stage) and event.name == "prune" for event in events)
    with pytest.raises(RepoExists):
        finish(push(recipe.replace(seed=12), name, hub=hub))


def test_eval_of_the_published_model_gives_the_numbers_of_the_walk(hub: Hub) -> None:
    (report, published), _ = finish(push(small(BASE, eval_lang=("sw", "en", "zh")), "alice/evaluated", hub=hub))
    recipe = small(published.repo_id, lang={}, eval_lang=("sw", "en", "zh"))
    measured, _ = finish(evaluate(recipe, BASE, hub=hub))
    assert measured.against is not None
    assert measured.against.id == BASE
    for ours, theirs in zip(report.languages, measured.languages, strict=True):
        for lane in ("dense", "pruned"):
            assert theirs.scores[lane].perplexity == pytest.approx(ours.scores[lane].perplexity, rel=1e-5)
            assert theirs.scores[lane].bits_per_byte == pytest.approx(ours.scores[lane].bits_per_byte, rel=1e-5)
        assert theirs.scores["pruned"].ratio_se == pytest.approx(ours.scores["pruned"].ratio_se, rel=1e-3)
    walked = {(b.index, b.language): b.snr_db for b in report.blocks if b.lane == "pruned"}
    assert {(b.index, b.language): pytest.approx(b.snr_db, rel=1e-4) for b in measured.blocks} == walked


def test_a_push_that_fails_half_way_is_completed_by_the_same_command(server: LoopbackHub, hub: Hub) -> None:
    recipe, name = small(BASE, seed=7), "alice/interrupted"
    server.fault("POST /api/models/alice/interrupted/commit", status=503, times=50)
    with pytest.raises(UploadInterrupted, match="same command"):
        finish(push(recipe, name, hub=hub, private=False))
    assert server.repository(name).private, "nothing may be public before it is complete"
    assert "model.safetensors" not in server.list_files(name)
    server.clear_faults()
    (_, published), events = finish(push(recipe, name, hub=hub, private=False))
    assert not any(isinstance(event, Stage) and event.name == "prune" for event in events), "it was pruned twice"
    assert not published.private
    assert "model.safetensors" in server.list_files(name)


def test_a_folder_that_prune_wrote_is_published_with_a_card_of_its_repository(
    server: LoopbackHub, hub: Hub, tmp_path: Path
) -> None:
    finish(prune(small(BASE, pattern="2:4"), tmp_path / "out", hub=hub))
    published, _ = finish(publish(tmp_path / "out", hub=hub))
    assert published.repo_id == "alice/base-wanda2of4-sw"
    assert server.read_file(published.repo_id, "README.md").decode().count("alice/base-wanda2of4-sw") > 2
    again, _ = finish(publish(tmp_path / "out", hub=hub))
    assert again.commit == published.commit, "nothing has changed, so nothing is committed"
    with pytest.raises(UsageError, match="not written by hubprune"):
        finish(publish(tmp_path, hub=hub))


def test_the_token_is_nowhere(server: LoopbackHub, hub: Hub, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _, events = finish(prune(small(BASE), out, hub=hub, command=f"hubprune push {BASE} --token {TOKEN}"))
    published, more = finish(publish(out, "alice/secret", hub=hub))
    shown = "".join(map(repr, [*events, *more, published]))
    for path in [*out.rglob("*"), *hub.cache_dir.parent.rglob("*")]:
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path.name
    for name in server.list_files("alice/secret"):
        assert TOKEN.encode() not in server.read_file("alice/secret", name), name
    assert TOKEN not in "".join(map(repr, server.requests))
    assert TOKEN not in shown.replace(repr(events[-1]), ""), "an event tells the token"
    bob = connect(server.endpoint, "hf_bob_write", tmp_path / "bob")
    server.fault("POST /api/repos/create", status=500, message=f"we know {TOKEN}", times=50)
    for call in (
        lambda: finish(publish(out, "alice/secret", hub=bob)),
        lambda: finish(publish(out, "alice/other", hub=hub)),
    ):
        with pytest.raises(HubpruneError) as caught:
            call()
        assert TOKEN not in str(caught.value)
        assert "hf_bob_write" not in str(caught.value)


def test_the_plan_reads_headers_only(server: LoopbackHub, hub: Hub, model_folder: Path) -> None:
    plan = make_plan(small(BASE), hub)
    sent = sum(record.bytes_sent for record in server.requests)
    assert sent < 300_000, "weights were downloaded"
    weights = (model_folder / "model.safetensors").stat().st_size
    assert plan.downloads >= weights
    assert plan.output >= weights
    assert plan.repo_id == "alice/base-wanda50-sw"
    assert plan.private
    assert plan.fits
    assert plan.model.parameters == 4_262_144 or plan.model.parameters > plan.model.prunable == 2_949_120
    assert plan.seconds > 0
    finish(prune(small(BASE, measure=False), hub.cache_dir.parent / "out", hub=hub))
    assert make_plan(small(BASE), hub).downloads == 0, "the cache holds it now"


def test_a_target_that_cannot_be_written_is_told_before_any_work(
    server: LoopbackHub, hub: Hub, tmp_path: Path, model_folder: Path
) -> None:
    server.add_repo("alice/taken", model_folder)
    reader = connect(server.endpoint, "hf_alice_read", tmp_path / "reader")
    for given, error in ((hub, RepoExists), (reader, NoWritePermission)):
        events = push(small(BASE), "alice/taken", hub=given)
        with pytest.raises(error):
            next(events)
    assert not [record for record in server.requests if "model.safetensors" in record.path]


def test_what_was_never_completed_is_deleted_in_time(hub: Hub) -> None:
    runs = hub.cache_dir.parent / "hubprune"
    for name, age in (("model-old-123456789012", 31), ("model-new-123456789012.unfinished", 29)):
        (runs / name).mkdir(parents=True)
        moment = time.time() - age * 24 * 3600
        os.utime(runs / name, (moment, moment))
    finish(push(small(BASE, seed=21, measure=False), "alice/tidy", hub=hub))
    assert [path.name for path in runs.iterdir() if path.is_dir()] == ["model-new-123456789012.unfinished"]


def test_two_published_events_are_one(hub: Hub) -> None:
    _, events = finish(push(small(BASE, seed=3, measure=False), "alice/once", hub=hub))
    assert sum(isinstance(event, Published) for event in events) == 1


def test_models_with_other_tokens_are_not_compared(hub: Hub, tmp_path: Path, model_folder: Path) -> None:
    other = shutil.copytree(model_folder, tmp_path / "other")
    tokenizer = json.loads((other / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = tokenizer["model"]["vocab"]
    first, second = list(vocabulary)[300:302]
    vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
    (other / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be compared"):
        finish(evaluate(small(other, lang={}, eval_lang=("sw",)), str(model_folder), hub=hub))


def test_checkpoints_of_different_shape_are_measured_one_after_the_other(
    hub: Hub, tmp_path: Path, model_folder: Path
) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(model_folder, num_hidden_layers=2)
    shutil.copytree(model_folder, tmp_path / "shallow")
    AutoModelForCausalLM.from_pretrained(model_folder, config=config).save_pretrained(tmp_path / "shallow")
    measured, _ = finish(evaluate(small(tmp_path / "shallow", lang={}, eval_lang=("sw",)), str(model_folder), hub=hub))
    alone, _ = finish(evaluate(small(tmp_path / "shallow", lang={}, eval_lang=("sw",)), hub=hub))
    assert measured.blocks == []
    assert measured.languages[0].scores["pruned"].perplexity == alone.languages[0].scores["dense"].perplexity
    assert digests(tmp_path / "shallow")
