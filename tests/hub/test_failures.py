"""The table of failures: its order, and what stays untouched."""

import errno

import pytest
from huggingface_hub import errors as theirs

from hubprune import errors as ours
from hubprune.errors import HubpruneError
from hubprune.hub import connect, default_repo_id, scrub, translated, whoami
from hubprune.hub.failures import TABLE, translate
from hubprune.naming import repo_name, spelled
from hubprune.recipe import Recipe


def test_a_subclass_stands_before_its_parent():
    rows = [one for types, _ in TABLE for one in types]
    for place, parent in enumerate(rows):
        assert not [late for late in rows[place + 1 :] if issubclass(late, parent)], parent


def test_what_is_not_in_the_table_passes():
    with pytest.raises(ZeroDivisionError), translated("acme/base"):
        _ = 1 / 0
    with pytest.raises(FileExistsError), translated("acme/base"):
        raise FileExistsError(errno.EEXIST, "exists")
    with pytest.raises(ours.TextTooShort), translated("acme/base"):
        raise ours.TextTooShort("short")


def test_a_full_disk():
    with (
        pytest.raises(ours.NotEnoughDisk, match="The disk is full while acme/base is being stored"),
        translated("acme/base"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (theirs.OfflineModeIsEnabled("off"), ours.Offline),
        (theirs.LocalTokenNotFoundError("none"), ours.NotSignedIn),
        (theirs.LocalEntryNotFoundError("not here"), ours.Offline),
        (theirs.HFValidationError("bad"), ours.UsageError),
        (theirs.SafetensorsParsingError("bad"), ours.CheckpointDamaged),
        (theirs.NotASafetensorsRepoError("bad"), ours.NoSafetensors),
        (OSError("Consistency check failed: file should be of size 3"), ours.HubTrouble),
    ],
)
def test_rows_without_an_answer(error, expected):
    assert type(translate(error, "acme/base")) is expected


def test_a_bad_header_is_told_without_a_path_of_this_machine():
    text = "Failed to parse safetensors header for 'x.safetensors' (path '/home/me/x.safetensors'): too big"
    for words in (text, text.replace("'x.", "'/home/me/x.")):
        told = translate(theirs.SafetensorsParsingError(words), "acme/base")
        assert told.sentence == "x.safetensors of acme/base has no readable header."
        assert told.next_step == "Download or copy the model again, or use another revision."


def test_every_row_has_a_next_step(server, hub, model):
    server.add_repo("acme/base", model)
    server.fault("GET /api/models/acme/base", status=418)
    with pytest.raises(ours.HubTrouble) as caught, translated("acme/base"):
        hub.api.model_info("acme/base")
    assert caught.value.next_step
    with pytest.raises(ours.NotFound) as caught, translated("acme/base"):
        hub.api.hf_hub_download("acme/base", "nothing.txt", cache_dir=hub.cache_dir)
    assert caught.value.next_step
    response = caught.value.__cause__.response
    for error in (
        theirs.DisabledRepoError("no", response=response),
        theirs.FileMetadataError("no size"),
        theirs.NotASafetensorsRepoError("none"),
    ):
        assert translate(error, "acme/base").next_step


def test_data_sets_are_called_data_sets(server, hub):
    with (
        pytest.raises(ours.NotFound, match="There is no data set acme/text on the Hub"),
        translated("acme/text", kind="dataset"),
    ):
        hub.api.dataset_info("acme/text")


def test_a_missing_file(server, hub, model):
    server.add_repo("acme/base", model)
    with (
        pytest.raises(ours.NotFound, match=r"A file is missing in the model acme/base: nothing\.txt\."),
        translated("acme/base"),
    ):
        hub.api.hf_hub_download("acme/base", "nothing.txt", cache_dir=hub.cache_dir)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, ours.HubTrouble),
        (402, ours.NotFound),
        (403, ours.NotFound),
        (429, ours.HubTrouble),
        (503, ours.HubTrouble),
    ],
)
def test_statuses(server, hub, model, status, expected):
    server.add_repo("acme/base", model)
    server.fault("GET /api/models/acme/base", status=status)
    with pytest.raises(HubpruneError) as caught, translated("acme/base"):
        hub.api.model_info("acme/base")
    assert type(caught.value) is expected
    assert "\n" not in str(caught.value)


def test_scrubbing():
    assert scrub("Bearer hf_alice_write.") == "Bearer hf_***."
    assert scrub("nothing to hide, hf_xet") == "nothing to hide, hf_xet"


def test_whoami(join):
    assert whoami(join("hf_bob_write")) == "bob"


def test_whoami_asks_once(server, hub):
    assert whoami(hub) == whoami(hub) == "alice"
    assert len(server.requests) == 1


SIGN_IN = "sign in with `hf auth login`, or set HF_TOKEN."


def test_a_stranger_is_told_how_to_sign_in(server, join, model):
    server.add_repo("acme/gated", model, gated="auto")
    stranger = join(False)
    for name, step in (
        ("acme/gated", f"Accept its terms at {server.endpoint}/acme/gated; then: {SIGN_IN}"),
        ("acme/private", f"Check the spelling. If it is private: {SIGN_IN}"),
    ):
        with pytest.raises(HubpruneError) as caught, translated(name):
            stranger.api.hf_hub_download(name, "config.json", cache_dir=stranger.cache_dir)
        assert caught.value.next_step == step


@pytest.mark.parametrize("token", [None, False])
def test_not_signed_in(server, tmp_path, token):
    with pytest.raises(ours.NotSignedIn, match="You are not signed in") as caught:
        whoami(connect(server.endpoint, token, tmp_path))
    assert "hf auth login" in caught.value.next_step
    assert server.requests == []


def test_a_wrong_token(join):
    with pytest.raises(ours.NotSignedIn, match="does not accept the token") as caught:
        whoami(join("hf_not_a_token"))
    assert "hf_not_a_token" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "method", "pattern", "lang", "name"),
    [
        ("meta-llama/Meta-Llama-3-8B-Instruct", "sparsegpt", "50%", "de", "Llama-3-8B-Instruct-sparsegpt50-de"),
        ("Qwen/Qwen3-0.6B", "wanda", "2:4", "sw", "Qwen3-0.6B-wanda2of4-sw"),
        ("gpt2", "wanda", "0.5", "sw=3,en=1", "gpt2-wanda50-sw-en"),
        ("hf://acme/base@main", "magnitude", "62.5%", "zh", "base-magnitude62.5-zh"),
        ("acme/base", "magnitude", "0.625", "", "base-magnitude62.5"),
        ("acme/base", "wanda", "4:8", "ar,de,en,es,ru,sw,zh,fr,it,pl", "base-wanda4of8-10-languages"),
    ],
)
def test_the_default_name(hub, model, method, pattern, lang, name):
    recipe = Recipe(model, lang, method=method, pattern=pattern)
    assert repo_name(recipe) == name
    assert default_repo_id(hub, recipe) == f"alice/{name}"


def test_a_folder_gives_its_name(tmp_path):
    folder = tmp_path / "My model (v2)--final.."
    folder.mkdir()
    assert repo_name(Recipe(str(folder), "sw", method="wanda")) == "My-model-v2-final-wanda50-sw"


def test_a_long_name_is_cut_before_what_tells_it_apart():
    name = repo_name(Recipe(f"acme/{'Meta-' + 'x' * 80 + '-' * 0}.{'y' * 10}", "sw", method="sparsegpt", pattern="2:4"))
    assert len(name) <= 96
    assert name.endswith("-sparsegpt2of4-sw")
    assert name.startswith("xxx")


def test_one_spelling_for_each_pattern():
    assert [spelled(text) for text in ("50%", "0.5", "50.0%", "2:4", "33.3%", "0.7")] == [
        "50", "50", "50", "2of4", "33.3", "70",
    ]  # fmt: skip
