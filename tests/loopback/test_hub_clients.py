"""The real clients against the loopback Hub, each in a process of its own."""

from __future__ import annotations

import json

LOG = "/_test/log"


def test_account_and_create(client):
    client(
        """
        import os
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError
        api = HfApi()
        assert api.whoami()["name"] == "alice"
        url = api.create_repo("acme/tiny", private=True)
        assert url == os.environ["HF_ENDPOINT"] + "/acme/tiny" and url.repo_id == "acme/tiny"
        assert api.create_repo("acme/tiny", exist_ok=True) == url
        assert api.model_info("acme/tiny").private
        for call, status in [
            (lambda: api.create_repo("acme/tiny"), 409),
            (lambda: api.create_repo("bob/tiny"), 403),
            (lambda: HfApi(token="hf_alice_read").create_repo("acme/other"), 403),
            (lambda: HfApi(token="hf_wrong").whoami(), 401),
        ]:
            try:
                call()
            except HfHubHTTPError as error:
                assert error.response.status_code == status, error
            else:
                raise AssertionError(status)
        api.move_repo("acme/tiny", "alice/tiny")
        assert api.repo_exists("alice/tiny") and not api.repo_exists("acme/tiny")
        api.delete_repo("alice/tiny")
        assert not api.repo_exists("alice/tiny")
        """
    )


def test_upload_folder(either_hub, either_client, model_folder):
    (model_folder / "extra.bin").write_bytes(bytes(range(256)) * 1000)  # several parts where Xet does not take it
    either_client(
        f"""
        from huggingface_hub import HfApi
        api = HfApi(library_name="hubprune", library_version="1")
        api.create_repo("acme/tiny")
        first = api.upload_folder(repo_id="acme/tiny", folder_path={str(model_folder)!r}, commit_message="Upload model")
        assert first.commit_message == "Upload model"
        again = api.upload_folder(repo_id="acme/tiny", folder_path={str(model_folder)!r})
        assert again.oid == first.oid, "an unchanged folder made a commit"
        """
    )
    for path in model_folder.iterdir():
        assert either_hub.read_file("acme/tiny", path.name) == path.read_bytes()
    tree = either_hub.store.tree(either_hub.repository("acme/tiny"), "main")
    assert {path for path, entry in tree.items() if entry.lfs} == {
        "extra.bin",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    }
    uploads = [record for record in either_hub.requests if record.method == "PUT"]
    assert len(uploads) == (0 if either_hub.xet else 2 + 4)  # two shards, and 250 KiB in parts of 64 KiB
    assert any("xet-write-token" in record.path for record in either_hub.requests) == either_hub.xet
    assert any(record.user_agent.startswith("hubprune/1;") for record in either_hub.requests)


def test_download(either_hub, either_client, model_folder, tmp_path):
    either_client(
        f"""
        from pathlib import Path
        from huggingface_hub import HfApi
        api, source = HfApi(), Path({str(model_folder)!r})
        api.create_repo("acme/tiny", private=True)
        api.upload_folder(repo_id="acme/tiny", folder_path=source)
        plan = api.snapshot_download("acme/tiny", dry_run=True)
        assert sum(file.file_size for file in plan if file.filename.endswith(".safetensors")) > 6000
        target = Path(api.snapshot_download("acme/tiny", allow_patterns=["*.json", "*.safetensors"]))
        names = sorted(path.name for path in target.iterdir())
        assert names == sorted(path.name for path in source.iterdir() if path.name != "README.md"), names
        for name in names:
            assert (target / name).read_bytes() == (source / name).read_bytes(), name
        """
    )
    at_storage = [record for record in either_hub.requests if record.path.startswith("/_cdn/")]
    assert not any(record.authorized for record in at_storage)
    assert bool(at_storage) != either_hub.xet


def test_model_info(hub, client, model_folder):
    oid = hub.add_repo("acme/tiny", model_folder)
    client(
        f"""
        from huggingface_hub import HfApi, ModelCard
        api = HfApi()
        info = api.model_info("acme/tiny", files_metadata=True)
        assert info.sha == {oid!r} and not info.private and info.card_data.language == ["de", "sw"]
        assert "base_model:acme/base" in info.tags and info.safetensors.total == 3000
        assert sum(1 for file in info.siblings if file.lfs) == 2
        assert api.model_info("acme/tiny", expand=["safetensors", "downloadsAllTime"]).safetensors.total == 3000
        metadata = api.get_safetensors_metadata("acme/tiny")
        assert metadata.sharded and metadata.parameter_count == {{"F16": 3000}}
        if hasattr(api, "get_sharded_safetensors_metadata"):  # since huggingface_hub 2.3
            assert api.get_sharded_safetensors_metadata("acme/tiny").parameter_count == metadata.parameter_count
        assert ModelCard.load("acme/tiny").data.tags == ["pruned"]
        assert api.resolve_revision("acme/tiny").resolved == {oid!r}
        api.auth_check("acme/tiny")
        """
    )


def test_list_and_search(hub, client, model_folder):
    for name in ("acme/one", "acme/two", "bob/one"):
        hub.add_repo(name, model_folder)
    hub.add_repo("bob/hidden", model_folder, private=True)
    client(
        """
        from huggingface_hub import HfApi
        api = HfApi()
        ids = lambda **query: sorted(model.id for model in api.list_models(**query))
        assert ids() == ["acme/one", "acme/two", "bob/one"]
        assert ids(search="one") == ["acme/one", "bob/one"] and ids(author="acme") == ["acme/one", "acme/two"]
        assert ids(filter=["pruned", "de"], search="two") == ["acme/two"] and ids(filter="fr") == []
        assert len(ids(limit=2)) == 2
        tree = {item.path: item for item in api.list_repo_tree("acme/one", expand=True)}
        assert tree["config.json"].last_commit.title == "Upload folder"
        assert [commit.title for commit in api.list_repo_commits("acme/one")] == ["Upload folder", "initial commit"]
        assert api.get_paths_info("acme/one", ["config.json", "none"])[0].path == "config.json"
        """
    )


def test_what_is_missing(hub, client, model_folder):
    hub.add_repo("acme/tiny", model_folder)
    client(
        """
        from huggingface_hub import HfApi
        from huggingface_hub.errors import RemoteEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError
        api = HfApi()
        for error, call in [
            (RemoteEntryNotFoundError, lambda: api.hf_hub_download("acme/tiny", "none.txt")),
            (RevisionNotFoundError, lambda: api.hf_hub_download("acme/tiny", "config.json", revision="none")),
            (RevisionNotFoundError, lambda: api.model_info("acme/tiny", revision="none")),
            (RepositoryNotFoundError, lambda: api.model_info("acme/none")),
            (RepositoryNotFoundError, lambda: HfApi(token=False).model_info("acme/none")),
        ]:
            try:
                call()
            except error as caught:
                assert type(caught) is error, caught
            else:
                raise AssertionError(error)
        """
    )


def test_branches_tags_and_commits(either_client):
    either_client(
        """
        import os
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
        from huggingface_hub.errors import HfHubHTTPError
        api, repo = HfApi(), "acme/tiny"
        api.create_repo(repo)
        api.create_branch(repo, branch="sparsity-50")
        api.create_branch(repo, branch="sparsity-50", exist_ok=True)
        operations = [CommitOperationAdd("note.txt", b"hello"), CommitOperationAdd("weights.bin", os.urandom(300_000))]
        api.create_commit(repo, operations, commit_message="on a branch", revision="sparsity-50")
        assert api.file_exists(repo, "weights.bin", revision="sparsity-50") and not api.file_exists(repo, "note.txt")
        api.create_commit(repo, [CommitOperationDelete("note.txt")], commit_message="less", revision="sparsity-50")
        assert api.list_repo_files(repo, revision="sparsity-50") == [".gitattributes", "weights.bin"]
        api.create_tag(repo, tag="v1", revision="sparsity-50")
        api.create_tag(repo, tag="v1", exist_ok=True)
        refs = api.list_repo_refs(repo)
        assert {ref.name for ref in refs.branches} == {"main", "sparsity-50"} and refs.tags[0].name == "v1"
        api.delete_tag(repo, tag="v1")
        api.super_squash_history(repo, branch="sparsity-50")
        assert len(api.list_repo_commits(repo, revision="sparsity-50")) == 1
        api.delete_branch(repo, branch="sparsity-50")
        try:
            api.create_commit(repo, [CommitOperationAdd("a.txt", b"x")], commit_message="stale", parent_commit="0" * 40)
        except HfHubHTTPError as error:
            assert error.response.status_code == 412, error
        else:
            raise AssertionError("a stale commit was taken")
        """
    )


def test_pull_requests(either_hub, either_client, model_folder):
    either_hub.add_repo("acme/tiny", model_folder)
    (model_folder / "PR.md").write_text("# From a pull request\n")
    either_client(
        f"""
        from huggingface_hub import CommitOperationAdd, HfApi
        api, repo = HfApi(token="hf_bob_write"), "acme/tiny"
        pr = api.upload_folder(repo_id=repo, folder_path={str(model_folder)!r}, create_pr=True, commit_message="Mine")
        assert pr.pr_num == 1 and pr.pr_revision == "refs/pr/1", pr
        assert api.file_exists(repo, "PR.md", revision="refs/pr/1") and not api.file_exists(repo, "PR.md")
        HfApi().merge_pull_request(repo, 1)
        assert api.file_exists(repo, "PR.md")
        operations = [CommitOperationAdd("b.txt", b"x")]
        assert api.create_commit(repo, operations, commit_message="second", create_pr=True).pr_num == 2
        assert api.get_discussion_details(repo, 1).status == "merged"
        """
    )


def test_private_and_gated(hub, client, model_folder):
    hub.add_repo("acme/secret", model_folder, private=True)
    hub.add_repo("acme/gated", model_folder, gated=True)
    client(
        """
        from huggingface_hub import HfApi
        from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError
        bob, nobody, reader = HfApi(token="hf_bob_write"), HfApi(token=False), HfApi(token="hf_alice_read")
        assert reader.model_info("acme/secret").private and bob.model_info("acme/gated").gated == "manual"
        for error, status, call in [
            (RepositoryNotFoundError, 404, lambda: bob.model_info("acme/secret")),
            (RepositoryNotFoundError, 401, lambda: nobody.model_info("acme/secret")),
            (GatedRepoError, 403, lambda: bob.hf_hub_download("acme/gated", "config.json")),
            (GatedRepoError, 401, lambda: nobody.hf_hub_download("acme/gated", "config.json")),
            (GatedRepoError, 403, lambda: bob.auth_check("acme/gated")),
            (HfHubHTTPError, 403, lambda: reader.upload_file(
                path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="acme/secret")),
            (HfHubHTTPError, 403, lambda: bob.upload_file(
                path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="acme/gated")),
        ]:
            try:
                call()
            except error as caught:
                assert type(caught) is error and caught.response.status_code == status, caught
            else:
                raise AssertionError(error)
        HfApi().update_repo_settings("acme/secret", private=False, gated="auto")
        assert bob.model_info("acme/secret").gated == "auto"
        """
    )
    hub.gate("acme/gated", granted=["bob"])
    client("from huggingface_hub import hf_hub_download as get; get('acme/gated', 'config.json')", token="hf_bob_write")


def test_a_bad_card_is_refused(hub, client):
    client(
        """
        from huggingface_hub import CommitOperationAdd, HfApi, ModelCard
        api = HfApi()
        api.create_repo("acme/tiny")
        for card in (b"---\\nlanguage: German\\n---\\n", b"---\\nlicense: {\\n---\\n", b"---\\ntags: pruned\\n---\\n"):
            try:
                api.create_commit("acme/tiny", [CommitOperationAdd("README.md", card)], commit_message="bad card")
            except ValueError as error:
                assert "Invalid metadata" in str(error), error
            else:
                raise AssertionError(card)
        ModelCard("---\\nlanguage: de\\n---\\n# Good\\n").push_to_hub("acme/tiny")
        """
    )
    assert hub.read_file("acme/tiny", "README.md").endswith(b"# Good\n")


def test_spaces_and_jobs(hub, client):
    client(
        """
        from huggingface_hub import HfApi
        api = HfApi()
        api.create_repo("alice/front", repo_type="space", space_sdk="gradio")
        api.add_space_secret("alice/front", "KEY", "s3cret-value")
        api.add_space_variable("alice/front", "MAX", "3")
        assert api.get_space_variables("alice/front")["MAX"].value == "3"
        assert api.request_space_hardware("alice/front", "t4-small").hardware == "t4-small"
        secrets = {"KEY": "s3cret-value"}
        job = api.run_job(image="python:3.12", command=["echo", "hi"], flavor="a10g-small", secrets=secrets)
        assert api.inspect_job(job_id=job.id).status.stage == "COMPLETED" and len(list(api.list_jobs())) == 1
        assert list(api.fetch_job_logs(job_id=job.id))[-1] == "echo hi"
        hardware = {one.name: one for one in api.list_jobs_hardware()}
        assert hardware["l4x1"].accelerator.vram == "24 GB"
        assert hardware["cpu-basic"].accelerator is None
        assert round(hardware["l4x1"].unit_cost_usd * 60, 4) == 0.8
        """
    )
    assert "s3cret-value" not in (hub.root / "state.json").read_text()


def test_an_explicit_endpoint_is_enough(either_hub, either_client, model_folder):
    """HfApi(endpoint=...) works in a process that imported huggingface_hub with another endpoint.

    Only the list of agent names is asked for elsewhere; the client lives without it. Xet is switched at run time.
    """
    either_client(
        f"""
        import socket
        resolve, asked = socket.getaddrinfo, []
        def only_loopback(host, *args, **options):
            if host != "127.0.0.1":
                asked.append(host)
                raise socket.gaierror("only loopback")
            return resolve(host, *args, **options)
        socket.getaddrinfo = only_loopback

        from pathlib import Path
        from huggingface_hub import CommitOperationAdd, HfApi, constants
        assert constants.ENDPOINT == "http://elsewhere.invalid" and not constants.HF_HUB_DISABLE_XET
        constants.HF_HUB_DISABLE_XET = {not either_hub.xet}
        api = HfApi(endpoint={either_hub.endpoint!r}, token="hf_alice_write")
        assert api.whoami()["name"] == "alice"
        asked.clear()
        api.create_repo("acme/tiny")
        card = CommitOperationAdd("README.md", b"---\\nlanguage: de\\n---\\n")
        api.create_commit("acme/tiny", [card], commit_message="Add a card")
        oid = api.upload_folder(repo_id="acme/tiny", folder_path={str(model_folder)!r}).oid
        assert api.model_info("acme/tiny").sha == oid
        assert api.get_safetensors_metadata("acme/tiny").parameter_count == {{"F16": 3000}}
        assert (Path(api.snapshot_download("acme/tiny")) / "config.json").exists()
        assert asked == [], asked
        """,
        HF_ENDPOINT="http://elsewhere.invalid",
        HF_TOKEN="",
        HF_HUB_DISABLE_XET="",
    )


def test_transformers(either_hub, either_client):
    printed = either_client(
        """
        import torch
        from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM
        torch.manual_seed(0)
        sizes = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2)
        model = LlamaForCausalLM(LlamaConfig(vocab_size=128, **sizes)).eval()
        model.push_to_hub("alice/pushed", private=True, max_shard_size="20KB")
        again = AutoModelForCausalLM.from_pretrained("alice/pushed", dtype="float32").eval()
        tokens = torch.arange(8)[None]
        torch.testing.assert_close(again(tokens).logits, model(tokens).logits)
        print(sum(parameter.numel() for parameter in model.parameters()))
        """
    )
    assert sum(name.endswith(".safetensors") for name in either_hub.list_files("alice/pushed")) > 1
    assert int(printed.split()[-1]) == 28_832


def test_datasets(either_client):
    either_client(
        """
        import datasets
        made = datasets.Dataset.from_dict({"text": [f"sentence {i}" for i in range(50)]})
        made.push_to_hub("alice/corpus", "de", private=True)
        assert datasets.load_dataset("alice/corpus", "de", split="train")[3]["text"] == "sentence 3"
        stream = datasets.load_dataset("alice/corpus", "de", split="train", streaming=True)
        assert len(list(stream.take(5))) == 5
        assert datasets.get_dataset_config_names("alice/corpus") == ["de"]
        """
    )


def test_the_log_is_read_by_http_too(hub, ask):
    ask(hub.endpoint + "/api/whoami-v2", token="hf_alice_write")
    (record,) = json.loads(ask(hub.endpoint + LOG).body)
    assert (record["method"], record["path"], record["status"]) == ("GET", "/api/whoami-v2", 200)
