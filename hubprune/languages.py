"""Languages: one code for each, whatever spelling the user or a data set has."""

from __future__ import annotations

import difflib
import functools
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hubprune.errors import LanguageUnknown, RecipeError
from hubprune.language_table import C4, TABLE

RIGHT_TO_LEFT = {"Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm"}


@dataclass(frozen=True)
class Language:
    """A language. For one outside the table the name is its code, and there is no own name and no prompt."""

    code: str  # "sw": ISO 639, two letters where they exist
    name: str  # "Swahili"
    autonym: str  # "Kiswahili"
    prompt: str  # the beginning of a sentence in it, '' if none
    rtl: bool  # written from right to left
    also: tuple[str, ...] = ()  # what people call it too and neither name holds: ("Farsi",) of Persian


@dataclass(frozen=True)
class Row:
    """A line of the table: the language, its ISO 639-3 codes, its scripts, its further names."""

    language: Language
    alpha3: tuple[str, ...]
    scripts: tuple[str, ...]
    names: tuple[str, ...]


def resolve(text: str) -> Language:
    """The language of a code or name: "sw", "swh", "swh_Latn", "sw-TZ", "Swahili", "Kiswahili", "kreyol", in any case.

    A valid ISO 639 code outside the table is a language too. Raises LanguageUnknown, naming the nearest names; also
    for a script in which the table's language is not usually written ("ru-Latn").
    """
    word = fold(str(text))
    row = spellings().get(word) or row_of_tag(word) or unaccented().get(plain(word))
    if row:
        return row.language
    tag = standard_tag(word)
    code = tag.split("-")[0] if tag else ""
    if code in rows():
        name = rows()[code].language.name
        raise LanguageUnknown(f"{name} in the script of {str(text)!r} is not known.", f"Give {code} for usual {name}.")
    if tag:
        return Language(code, code, "", "", rtl=script_of(tag) in RIGHT_TO_LEFT)
    raise LanguageUnknown(f"No language is called {str(text)!r}.", nearest(word))


def search(text: str) -> list[Language]:
    """The languages of the table that a word names, best match first: a whole name or code, the beginning of a name,
    anything within one; accents may be missing. Of equals, by English name.
    """
    word = plain(fold(text))
    found = []
    for language in known():
        row = rows()[language.code]
        names = [plain(fold(name)) for name in (language.name, language.autonym, *row.names)]
        if word in (*names, language.code, *row.alpha3):
            found.append((0, language))
        elif any(name.startswith(word) for name in names):
            found.append((1, language))
        elif any(word in name for name in names):
            found.append((2, language))
    return [language for _, language in sorted(found, key=lambda entry: entry[0])]


def default_text(code: str) -> str:
    """The data set whose text a language is calibrated and measured with unless told otherwise."""
    return "allenai/c4" if code in C4.split() else "HuggingFaceFW/fineweb-2"


def parse_weights(languages: str | Mapping[str, float] | Iterable[str]) -> dict[str, float]:
    """Languages with weights, as language code -> share; the shares sum to 1 and keep the order given.

    Takes "sw", "sw,en", "sw=3,en=1", {"sw": 3, "en": 1} or ["sw", "en"]; a language without a weight has weight 1.
    Nothing gives {}. Shares that sum to 1 already are left as they are, so that a saved recipe stays the same.
    Raises LanguageUnknown, and RecipeError for a weight that is no positive number or a language named twice.
    """
    if isinstance(languages, str):
        languages = [part for part in languages.split(",") if part.strip()]
    if isinstance(languages, Mapping):
        pairs = list(languages.items())
    else:
        pairs = [split_weight(str(part)) for part in languages]
    weights: dict[str, float] = {}
    for name, value in pairs:
        language = resolve(name)
        weight = positive(value)
        if weight is None:
            raise RecipeError(f"The weight of {language.name} is {value!r}.", "Give a number above 0, as in sw=3,en=1.")
        if language.code in weights:
            raise RecipeError(f"{language.name} is named twice.", "Give each language once, with a weight: sw=3,en=1.")
        weights[language.code] = weight
    total = math.fsum(weights.values())
    if abs(total - 1) < 1e-9:
        return weights
    return {code: weight / total for code, weight in weights.items()}


def known() -> list[Language]:
    """The languages of the table, by English name."""
    return sorted((row.language for row in rows().values()), key=lambda language: language.name)


def codes(code: str) -> list[str]:
    """The codes that `resolve` takes for a language of the table, without script or region: "sw", "swh", "swa"."""
    row = rows()[code]
    return [code, *row.alpha3, *(name for name in row.names if len(name) == 2 and name.isascii()), *legacy(code)]


def match_config(code: str, configs: Iterable[str]) -> str | None:
    """The data set's config of a language: "sw", "swh_Latn", "20231101.sw", "swahili"; None if it has none.

    The plainest spelling wins, then the script the language is usually written in, then the newest dump ("20231101.").
    Configs in another script ("ru-Latn"), rejects ("swh_Latn_removed") and mixtures ("en-multi") never match.
    """
    code = resolve(code).code
    ranked = [(rank, config) for config in configs if (rank := config_rank(code, config)) is not None]
    if not ranked:
        return None
    best = min(rank for rank, _ in ranked)
    return max(config for rank, config in ranked if rank == best)


def config_rank(code: str, config: str) -> tuple[int, int] | None:
    """How plainly a config's name says this language: (spelling, script), lower is plainer; None: another language."""
    word = fold(config.rsplit(".", 1)[-1])
    dated = int("." in config)
    row = rows().get(code)
    if word == code:
        return (0 + dated, 0)
    language, _, script = word.partition("-")
    if row is None:
        tag = standard_tag(word)
        return (4 + dated, len(word)) if tag and tag.split("-")[0] == code else None
    tags = codes(code)
    if language not in tags:
        return (8 + dated, 0) if spellings().get(word) is row else None
    if not script:
        return (2 + dated, tags.index(language))
    if script.title() not in row.scripts:
        return None
    return (4 + dated, row.scripts.index(script.title()) * len(tags) + tags.index(language))


def legacy(code: str) -> tuple[str, ...]:
    """Withdrawn codes that data sets still use."""
    return {"he": ("iw",), "id": ("in",), "yi": ("ji",), "jv": ("jw",), "ro": ("mo",), "fil": ("tl",)}.get(code, ())


@functools.cache
def rows() -> dict[str, Row]:
    """The table by code."""
    found = {}
    for line in TABLE.strip().splitlines():
        code, alpha3, written, name, autonym, prompt, more = line.split("|")
        scripts = tuple(written.split(","))
        names = tuple(filter(None, more.split(",")))
        also = everyday(names, name, autonym)
        language = Language(code, name, autonym, prompt, rtl=scripts[0] in RIGHT_TO_LEFT, also=also)
        found[code] = Row(language, tuple(alpha3.split(",")), scripts, names)
    return found


def everyday(names: Iterable[str], name: str, autonym: str) -> tuple[str, ...]:
    """Those of a language's further names that are no code, and that neither of its two names holds or is held by."""
    said = [plain(fold(one)) for one in (name, autonym)]
    words = {one: plain(fold(one)) for one in names if len(one) > 2 or not one.isascii()}
    return tuple(one for one, word in words.items() if not any(word in each or each in word for each in said))


@functools.cache
def spellings() -> dict[str, Row]:
    """Every folded spelling in the table; a code outranks a name."""
    found: dict[str, Row] = {}
    for row in rows().values():
        for name in (row.language.name, row.language.autonym, *row.names):
            found[fold(name)] = row
    for code, row in rows().items():
        for tag in (*row.alpha3, *legacy(code), code):
            found[tag] = row
    return found


@functools.cache
def unaccented() -> dict[str, Row]:
    """Names as they are typed without accents, where that names one language only."""
    rows_of: dict[str, list[Row]] = {}
    for spelling, row in spellings().items():
        rows_of.setdefault(plain(spelling), []).append(row)
    return {spelling: found[0] for spelling, found in rows_of.items() if len({row.language for row in found}) == 1}


def row_of_tag(word: str) -> Row | None:
    """The row of a folded tag with a script or region: "swh-latn", "pt-br", "zh-hant-tw"."""
    parts = word.split("-")
    row = spellings().get(parts[0])
    if len(parts) == 1 or row is None or len(parts[0]) > 3:
        return None
    script = next((part.title() for part in parts[1:] if re.fullmatch(r"[a-z]{4}", part)), None)
    regular = all(re.fullmatch(r"[a-z]{4}|[a-z]{2}|[0-9]{3}", part) for part in parts[1:])
    return row if regular and (script is None or script in row.scripts) else None


def standard_tag(word: str) -> str | None:
    """The standard tag of a valid one ("oci-latn" -> "oc"), else None."""
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z]{4})?(-[a-z]{2}|-[0-9]{3})?", word):
        return None
    import langcodes

    try:
        tag = langcodes.standardize_tag(word)
    except ValueError:
        return None
    return tag if langcodes.tag_is_valid(tag) and tag.split("-")[0] not in ("und", "mul", "zxx", "mis") else None


def script_of(tag: str) -> str | None:
    """The script a tag states or usually implies."""
    import langcodes

    return langcodes.Language.get(tag).maximize().script


def nearest(word: str) -> str:
    """A next step that names the nearest names, or where to find all."""
    by_name = {spelling: row for spelling, row in spellings().items() if len(spelling) > 3}
    found = difflib.get_close_matches(word, by_name, n=5, cutoff=0.7)
    names = list(dict.fromkeys(f"{by_name[name].language.name} ({by_name[name].language.code})" for name in found))[:3]
    if names:
        return f"Did you mean {' or '.join(names)}?"
    return "Give an ISO 639 code such as sw, or an English name; `hubprune languages` lists them."


def split_weight(part: str) -> tuple[str, float | str]:
    """ "sw=3" -> ("sw", "3"); "sw" -> ("sw", 1.0)."""
    name, equals, weight = part.partition("=")
    return name.strip(), weight.strip() if equals else 1.0


def positive(value: object) -> float | None:
    """The value as a finite number above 0, else None."""
    if isinstance(value, bool):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def plain(text: str) -> str:
    """The text without the accents of Latin, Greek and Cyrillic letters; the signs of other scripts stay."""
    return unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", text)))


def fold(text: str) -> str:
    """One spelling for comparison: composed, lower case, "_" as "-", single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().replace("_", "-").split())
