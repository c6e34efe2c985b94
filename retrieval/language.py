"""The language of a document: by script first, then by function words; a statistical model decides doubtful texts."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from retrieval.documents import Language
from retrieval.word_lists import words_in

Script = Literal["latin", "han", "other", "none"]

SAMPLE_CHARS = 2_000
"""How much of a long text is looked at."""
MODEL_LEAST_WORDS = 8
"""Shorter doubtful texts stay unknown: the statistical model guesses at random there, and takes a second to load."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA_HANGUL = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7af\u1100-\u11ff]")
_LATIN_WORD = re.compile("[A-Za-zÀ-ɏḀ-ỿ]+(?:['’][A-Za-z]+)?")
_NOISE = re.compile(r"https?://\S+|\[(?:email|phone|card|iban|id number|login|ip address)\]")

_ENGLISH = frozenset(
    words_in(
        """
        the a an and or but if of to in on at by for from with without about into over after before between is
        are was were be been being am i you he she it we they me him her us them my your his its our their this
        that these those there here what which who why how when where do does did doing done have has had having
        will would can could should may might must not no n't don't doesn't didn't can't won't isn't wasn't i'm
        it's i've i'd as than then so too very just only also more most some any all each every both other
        another such because while until again once still even never always often really much many few lot
        please thanks thank hi hello get got need want use using used like love hate work works great good bad
        nice app out up down off
        """
    )
)
_OTHERS = frozenset(
    words_in(
        """
        der die das und ist nicht ich ein eine einen mit auf für von zu den dem des sich auch aber wie wir sie
        ihr mein sehr noch nur wird le la les et est un une du que qui dans pour pas sur avec je vous nous il
        elle ce cette mais très plus au aux sont mon votre el los las es de en por con para no se lo una su mi
        pero muy más como está esta son fue todo porque cuando gli è che di non per sono molto più questo anche
        della del alla ma ho nel os as um uma não é com muito meu minha foi dos ao na em eu você het een niet ik
        van te dat met voor zijn maar ook op aan er bij naar wat och är att det som på inte jag med för av till
        har ett om men mycket og ikke jeg til i nie się do to jest że jak ale dla mnie bardzo po tak ja že jsem
        si bir ve bu için ile çok da ne gibi ama değil on ei että olen mutta kun hyvin
        """
    )
)
# Words of both lists speak for neither language.
_ONLY_ENGLISH = _ENGLISH - _OTHERS
_ONLY_OTHERS = _OTHERS - _ENGLISH


def detect_language(text: str) -> Language:
    """`en`, `zh`, `other`, or `unknown` where the text is too short to tell.

    Chinese needs Han characters to be at least a third of its words and no kana or hangul to speak of; in Latin script
    the function words of English are weighed against those of eleven other languages.
    """
    sample = text[:SAMPLE_CHARS]
    if "[" in sample or "://" in sample:
        sample = _NOISE.sub(" ", sample)
    if sample.isascii():
        return _latin_language(_LATIN_WORD.findall(sample.lower()), sample)
    han = len(_HAN.findall(sample))
    foreign = len(_KANA_HANGUL.findall(sample))
    words = _LATIN_WORD.findall(sample.lower())
    if foreign > 0.1 * (han + foreign):
        return "other"
    # Two characters make a Chinese word; English names inside a Chinese sentence do not make it English.
    if han and han / 2 >= 0.5 * len(words):
        return "zh"
    rest = sum(1 for character in sample if character.isalpha()) - han - sum(map(len, words))
    if rest > sum(map(len, words)):
        return "other"
    return _latin_language(words, sample)


def script_of(text: str) -> Script:
    """The script that most of the text's letters belong to; `none` without letters."""
    sample = text[:SAMPLE_CHARS]
    letters = sum(1 for character in sample if character.isalpha())
    if not letters:
        return "none"
    if sample.isascii():
        return "latin"
    han = len(_HAN.findall(sample))
    latin = sum(map(len, _LATIN_WORD.findall(sample)))
    # A Han character holds as much as two to three Latin letters.
    if han and 2.5 * han >= latin and han >= 0.5 * (letters - latin):
        return "han"
    return "latin" if latin >= 0.5 * letters else "other"


def _latin_language(words: list[str], sample: str) -> Language:
    if not words:
        return "unknown"
    english = sum(1 for word in words if word in _ONLY_ENGLISH or "'" in word or "’" in word)
    others = sum(1 for word in words if word in _ONLY_OTHERS)
    if english > others:
        return "en"
    if others > 2 * english and others >= 2:
        return "other"
    if english == others and sample.isascii():
        # A list of names ("numpy scipy pandas") has no language; loading the model for it takes a second.
        return "unknown"
    return _by_model(words, sample, "unknown")


def _by_model(words: list[str], sample: str, fallback: Language) -> Language:
    if len(words) < MODEL_LEAST_WORDS:
        return fallback
    return "en" if _identifier()(sample)[0] == "en" else "other"


@cache
def _identifier():  # type: ignore[no-untyped-def]  # py3langid ships no types
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    latin = [
        "en",
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "nl",
        "sv",
        "da",
        "no",
        "nb",
        "fi",
        "pl",
        "cs",
        "sk",
        "hu",
        "ro",
        "tr",
        "id",
        "ms",
        "vi",
        "ca",
        "hr",
        "sl",
        "et",
        "lv",
        "lt",
    ]
    identifier.set_languages([code for code in latin if code in set(identifier.labels)])
    return identifier.classify
