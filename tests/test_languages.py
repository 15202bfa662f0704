"""Languages: spellings, weights, configs of data sets."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubprune.errors import LanguageUnknown, RecipeError
from hubprune.languages import fold, known, match_config, parse_weights, resolve, rows, search

C4 = "af am ar bg bg-Latn de el el-Latn en en.noblocklist en-multi fil fr hi hi-Latn iw no ru ru-Latn sw und zh zh-Latn"
FINEWEB_2 = (
    "als_Latn arb_Arab cmn_Hani deu_Latn ekk_Latn fil_Latn heb_Hebr nno_Latn nob_Latn oci_Latn srp_Cyrl srp_Latn"
)
CODES = [language.code for language in known()]


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        *((spelling, "sw") for spelling in ("sw", "SW", "swh", "swa", "swh_Latn", "sw-TZ", "Swahili", " kiswahili ")),
        *((spelling, "zh") for spelling in ("zh", "cmn_Hani", "zho_Hans", "zh-Hant-TW", "chinese", "中文")),
        *((spelling, "no") for spelling in ("no", "nb", "nob_Latn", "Norwegian Bokmål")),
        *((spelling, "he") for spelling in ("he", "iw", "heb", "עברית")),
        *((spelling, "fa") for spelling in ("Farsi", "Persian", "فارسی")),
        *((spelling, "zh") for spelling in ("Mandarin", "普通话", "普通話", "汉语")),
        *((spelling, "fil") for spelling in ("Tagalog", "Pilipino", "tl")),
        *((spelling, "hi") for spelling in ("हिंदी", "हिन्दी")),
        *((spelling, "fr") for spelling in ("français", "Francais", "FRANÇAIS")),
        ("Bangla", "bn"),
        ("Turkce", "tr"),
        ("pt-BR", "pt"),
        ("tl", "fil"),
        ("ger", "de"),
        ("Русский", "ru"),
        ("dv", "dv"),
        ("div_Thaa", "dv"),
        ("quy_Latn", "quy"),
    ],
)
def test_one_code_for_every_spelling(spelling: str, code: str) -> None:
    assert resolve(spelling).code == code


def test_a_language_of_the_table_and_one_outside() -> None:
    swahili, dhivehi = resolve("swh_Latn"), resolve("div")
    assert (swahili.name, swahili.autonym, swahili.rtl) == ("Swahili", "Kiswahili", False)
    assert swahili.prompt
    assert (dhivehi.name, dhivehi.autonym, dhivehi.prompt, dhivehi.rtl) == ("dv", "", "", True)
    assert resolve("ar").rtl


def test_a_name_belongs_to_one_language() -> None:
    owners: dict[str, set[str]] = {}
    for row in rows().values():
        for name in (row.language.name, row.language.autonym, *row.names):
            owners.setdefault(fold(name), set()).add(row.language.code)
    assert {name: codes for name, codes in owners.items() if len(codes) > 1} == {}


def test_the_best_match_comes_first() -> None:
    def found(text: str) -> list[str]:
        return [language.code for language in search(text)]

    assert found("fr")[:3] == ["fr", "fy", "af"]  # its code, the beginning of a name, within one
    assert found("Farsi") == ["fa"]
    assert found("turkce") == ["tr"]
    assert found("普通") == ["zh"]
    assert found("an")[0] != "am"
    assert found("Klingon") == []


def test_everyday_names_are_those_that_the_two_names_lack() -> None:
    assert {code: resolve(code).also for code in ("fa", "bn", "ar", "no", "sw", "hi")} == {
        "fa": ("Farsi",),
        "bn": ("Bangla",),
        "ar": (),
        "no": ("Bokmål",),
        "sw": (),
        "hi": ("हिंदी",),
    }


def test_the_table_holds_together() -> None:
    assert {"ar", "de", "en", "es", "ru", "sw", "zh"} <= set(CODES)
    for language in known():
        assert all(resolve(word) == language for word in (language.code, language.name, language.autonym))
    prompts = [language.prompt for language in known() if language.prompt]
    assert len(prompts) == len(set(prompts)) == len(CODES) - 1  # no two alike: each begins one language only


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("swaheli", "No language is called 'swaheli'. Did you mean Swahili (sw)?"),
        ("Germann", "No language is called 'Germann'. Did you mean German (de)?"),
        ("xx", "No language is called 'xx'. Give an ISO 639 code such as sw, or an English name"),
        ("ru-Latn", "Russian in the script of 'ru-Latn' is not known. Give ru for usual Russian."),
        ("", "No language is called ''."),
        ("en-multi", "No language is called 'en-multi'."),
    ],
)
def test_unknown_languages_name_their_neighbours(word: str, message: str) -> None:
    with pytest.raises(LanguageUnknown) as caught:
        resolve(word)
    assert str(caught.value).startswith(message)


def test_weights_in_every_form() -> None:
    assert parse_weights("sw") == parse_weights(["Swahili"]) == parse_weights({"swh": 3}) == {"sw": 1.0}
    assert parse_weights("sw=3,en=1") == parse_weights({"sw": 3, "en": 1}) == {"sw": 0.75, "en": 0.25}
    assert parse_weights("en, sw=3") == {"en": 0.25, "sw": 0.75}
    assert list(parse_weights("zh,ar,de")) == ["zh", "ar", "de"]
    assert parse_weights("") == parse_weights([]) == parse_weights({}) == {}


@pytest.mark.parametrize("weight", ["0", "-1", "nan", "inf", "much", "", True, None])
def test_a_weight_is_a_positive_number(weight: object) -> None:
    with pytest.raises(RecipeError, match="The weight of Swahili is"):
        parse_weights({"sw": weight})  # type: ignore[dict-item]


def test_a_language_is_named_once() -> None:
    with pytest.raises(RecipeError, match="Swahili is named twice"):
        parse_weights("sw,swh_Latn")


@given(st.dictionaries(st.sampled_from(CODES), st.floats(1e-3, 1e3), min_size=1, max_size=9))
def test_weights_sum_to_one_and_stay(weights: dict[str, float]) -> None:
    shares = parse_weights(weights)
    assert sum(shares.values()) == pytest.approx(1)
    assert parse_weights(shares) == shares
    assert list(shares) == list(weights)


@pytest.mark.parametrize(
    ("code", "configs", "config"),
    [
        ("sw", C4, "sw"),
        ("en", C4, "en"),
        ("he", C4, "iw"),
        ("zh", C4, "zh"),
        ("nn", C4, None),
        ("zh", FINEWEB_2, "cmn_Hani"),
        ("no", FINEWEB_2, "nob_Latn"),
        ("nn", FINEWEB_2, "nno_Latn"),
        ("et", FINEWEB_2, "ekk_Latn"),
        ("sq", FINEWEB_2, "als_Latn"),
        ("sr", FINEWEB_2, "srp_Cyrl"),
        ("lb", FINEWEB_2, None),  # not its neighbour German
        ("sw", "swh_Latn_removed deu_Latn", None),
        ("zh", "zho_Hant zho_Hans", "zho_Hans"),
        ("de", "20220301.de 20231101.de 20231101.sw", "20231101.de"),
        ("sw", "german swahili", "swahili"),
        ("quy", "quy_Latn", "quy_Latn"),
        ("sw", "default", None),
        ("ru", "ru-Latn", None),
    ],
)
def test_the_config_of_a_language(code: str, configs: str, config: str | None) -> None:
    assert match_config(code, configs.split()) == config
    assert match_config(code, reversed(configs.split())) == config


def test_nothing_heavy_is_imported() -> None:
    code = "import sys, hubprune.languages as l; l.resolve('sw'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "hubprune.languages" in loaded
    assert not {"langcodes", "torch", "numpy"} & set(loaded)
