"""Spanish morphology, stated a second time: every form follows the rule or is an exception named here."""

import unicodedata

from unrolled.data.lexicon import LEXICON

GENDERS_BY_HEART = {"mapa": "m", "guardia": "m", "foto": "f"}
FEMININE = {"mujer", "torre", "llave", "canción"}  # neither -o nor -a
MASCULINE = {
    "rey", "hombre", "príncipe", "capitán", "ladrón", "jardín", "árbol", "puente", "bosque", "valle", "reloj",
    "farol", "baile",
}  # fmt: skip


def bare(text):
    return "".join(c for c in unicodedata.normalize("NFD", text) if c != "\u0301")


def test_gender_of_nouns():
    for noun in LEXICON.nouns:
        one = noun.spanish[0]
        by_ending = {"o": "m", "a": "f"}.get(one[-1])
        by_list = "f" if one in FEMININE else "m" if one in MASCULINE else None
        assert noun.gender == GENDERS_BY_HEART.get(one, by_ending or by_list), one
        assert not (noun.gender == "f" and bare(one).startswith(("a", "ha")) and one != "araña"), f"el {one}?"


def test_plurals():
    for one, many in [
        *(noun.spanish for noun in LEXICON.nouns),
        *((a.spanish[g, 0], a.spanish[g, 1]) for a in LEXICON.adjectives for g in "mf"),
    ]:
        ending = "s" if one[-1] in "aeiou" else "es"
        stem = one[:-1] + "c" if one.endswith("z") else one
        assert bare(many) == bare(stem) + ending, (one, many)
        loses = one.endswith(("án", "ón", "ín"))  # the accent goes when the stress is no longer on the end
        gains = one == "joven"
        accents = [sum("\u0301" in unicodedata.normalize("NFD", c) for c in form) for form in (one, many)]
        assert accents[1] - accents[0] == gains - loses, (one, many)


def test_feminine_adjectives():
    for adjective in LEXICON.adjectives:
        m, f = adjective.spanish["m", 0], adjective.spanish["f", 0]
        assert f == (m[:-1] + "a" if m.endswith("o") else m)


def test_verbs():
    for verb in LEXICON.verbs:
        one, many = verb.present
        assert many == one + "n" and one[-1] in "ae", verb
        past, past_many = verb.past
        if one[-1] == "a":
            assert past.endswith("ó") and past_many == past[:-1] + "aron" and verb.gerund.endswith("ando"), (
                verb
            )
        elif past in ("vino", "vio"):
            assert past_many in ("vinieron", "vieron")
        else:
            assert past.endswith("ó") and past_many.endswith(("ieron", "yeron")), verb
            assert bare(past)[:-1].rstrip("iy") == past_many.removesuffix("eron").rstrip("iy"), verb
        assert verb.gerund.endswith(("ando", "iendo", "yendo"))
        assert (verb.gerund.endswith("ando")) == (one[-1] == "a")


def test_english_forms():
    irregular = {"women", "men", "thieves", "wolves"}
    for one, many in (noun.english for noun in LEXICON.nouns):
        ending = "es" if one.endswith(("ch", "s")) else "s"
        regular = one[:-1] + "ies" if one.endswith("y") and one[-2] not in "aeiou" else one + ending
        assert many == regular or many in irregular, (one, many)
    for verb in LEXICON.verbs:
        base, third = verb.english["base"], verb.english["third"]
        ending = "es" if base.endswith("ch") else "s"
        assert third == (base[:-1] + "ies" if base.endswith("ry") else base + ending), verb
        assert verb.english["ing"].endswith("ing")
