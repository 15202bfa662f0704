"""Exact match and token F1 of an answer to an MKQA question, by the rules of the data set's authors.

Longpre, Lu and Daiber 2020, 2007.15207, and the scorer they publish, whose oddities are kept so that figures can be
compared: only ASCII punctuation is removed; Arabic, French and Italian articles go wherever a word begins with one
(Arabic: anywhere); in languages written without blanks every character is a token. A question without an answer has
the answer "", which an empty text meets.
"""

from __future__ import annotations

import functools
import re
import string
from collections import Counter
from collections.abc import Iterable

WITHOUT_BLANKS = ("zh", "ja", "th", "km")
# Words taken out of a text, by language.
ARTICLES = {
    "en": "a an the",
    "es": "un una unos unas el la los las",
    "vi": "của là cái chiếc những",
    "de": "ein eine einen einem eines einer der die das den dem des",
    "nl": "de het een des der den",
    "sv": "en ett",
    "da": "en et",
    "no": "en et ei",
    "pt": "o a os as um uma uns umas",
    "fi": "se yks yksi",
    "hu": "a az egy",
}
# Beginnings of words taken out, the first that fits. What the scorer lists behind these can never be the first to fit.
BEGINNINGS = {"fr": "le la du de un", "it": "il lo la i gli le del dei degli uno una un"}
ANYWHERE = {"ar": "ال"}
# Yes and no: the data set spells its binary answers "yes" and "no" in every language.
YES = {
    "ar": "نعم",
    "da": "ja",
    "de": "ja",
    "es": "sí si",
    "fi": "kyllä",
    "fr": "oui",
    "he": "כן",
    "hu": "igen",
    "it": "sì si",
    "ja": "はい",
    "km": "បាទ ចាស",
    "ko": "예 네",
    "ms": "ya",
    "nl": "ja",
    "no": "ja",
    "pl": "tak",
    "pt": "sim",
    "ru": "да",
    "sv": "ja",
    "th": "ใช่",
    "tr": "evet",
    "vi": "có vâng đúng",
    "zh": "是 是的",
}
NO = {
    "ar": "لا",
    "da": "nej",
    "de": "nein",
    "es": "no",
    "fi": "ei",
    "fr": "non",
    "he": "לא",
    "hu": "nem",
    "it": "no",
    "ja": "いいえ",
    "km": "ទេ",
    "ko": "아니요 아니오",
    "ms": "tidak",
    "nl": "nee",
    "no": "nei",
    "pl": "nie",
    "pt": "não",
    "ru": "нет",
    "sv": "nej",
    "th": "ไม่ใช่ ไม่",
    "tr": "hayır",
    "vi": "không",
    "zh": "不 不是 否",
}


def scores(answer: str, accepted: Iterable[str], language: str) -> tuple[float, float]:
    """(exact match, F1) of an answer, each the best over the accepted ones, between 0 and 1."""
    said = answered(answer, language)
    pairs = [(exact_match(said, one, language), f1(said, one, language)) for one in accepted]
    return max(exact for exact, _ in pairs), max(overlap for _, overlap in pairs)


def answered(text: str, language: str) -> str:
    """The answer, a plain yes or no in the language as the data set spells it."""
    word = text.strip().rstrip(string.punctuation + "。").casefold()
    for spelled, words in (("yes", YES), ("no", NO)):
        if word and word in words.get(language, "").split():
            return spelled
    return text.strip()


def exact_match(said: str, accepted: str, language: str) -> float:
    """1 if both are the same once normalised, else 0."""
    return float(normalised(said, language) == normalised(accepted, language))


def f1(said: str, accepted: str, language: str) -> float:
    """Harmonic mean of precision and recall of the tokens; where one side has none: 1 if neither has, else 0."""
    ours, theirs = (normalised(text, language).split() for text in (said, accepted))
    if not ours or not theirs:
        return float(ours == theirs)
    common = (Counter(ours) & Counter(theirs)).total()
    return 2 * common / (len(ours) + len(theirs))


def normalised(text: str, language: str) -> str:
    """Lower case, without punctuation and articles, one blank between tokens."""
    bare = text.lower().translate(PUNCTUATION)
    pattern = article(language)
    if pattern:
        bare = pattern.sub(" ", bare)
    return " ".join(bare.split() if language not in WITHOUT_BLANKS else filter(str.strip, bare))


PUNCTUATION = str.maketrans("", "", string.punctuation)


@functools.cache
def article(language: str) -> re.Pattern[str] | None:
    """What finds the articles of a language."""
    if language in ANYWHERE:
        return re.compile(ANYWHERE[language])
    if language in BEGINNINGS:
        return re.compile(rf"\b(?:{BEGINNINGS[language].replace(' ', '|')})")
    if language in ARTICLES:
        return re.compile(rf"\b(?:{ARTICLES[language].replace(' ', '|')})\b")
    return None
