"""`hubprune languages`: text sources and default tasks of all, every known task of one."""

from __future__ import annotations

import json
import re


def test_languages(cli, terminal) -> None:
    tasks = "global_mmlu_sw,xcopa_sw\tCohereLabs/Global-MMLU-Lite,cambridgeltl/xcopa\tapache-2.0,cc-by-4.0"
    assert f"sw\tSwahili\tKiswahili\tallenai/c4\t{tasks}" in cli("languages").out.splitlines()
    assert cli("languages", "-q", "swahili").out == "sw\n"
    arabic = {"code": "ar", "name": "Arabic", "autonym": "العربية", "rtl": True, "source": "allenai/c4"}
    found = {one["code"]: one for one in json.loads(cli("languages", "--json").out)["languages"]}
    assert found["ar"].items() > (arabic | {"licence": "ODC-By 1.0"}).items()
    assert re.search(r"tn +Tswana +Setswana +HuggingFaceFW/fineweb-2 +belebele", terminal("languages", columns=120).out)
    assert cli("languages", "zh").err == "Next: hubprune plan Qwen/Qwen3-0.6B --lang zh\n"


def test_the_tasks_of_one_language(cli, terminal) -> None:
    lines = cli("languages", "sw").out.splitlines()
    assert "xnli_sw\tno\treasoning\tfacebook/xnli\tcc-by-nc-4.0\t33%\tacc" in lines
    tasks = json.loads(cli("languages", "sw", "--json").out)["languages"][0]["tasks"]
    assert [task["task"] for task in tasks if task["default"]] == ["global_mmlu_sw", "xcopa_sw"]
    wide = terminal("languages", "sw", columns=120).out
    assert re.search(r"xcopa_sw \* +reasoning +cambridgeltl/xcopa +cc-by-4.0 +50%", wide)
    arc = next(line for line in cli("languages", "de").out.splitlines() if line.startswith("arc_de"))
    assert "\tnot known\t" in arc  # a licence that was not found is not made up
    assert terminal("languages", "dv").out.endswith("No task of lm-eval is known for it.\n")
