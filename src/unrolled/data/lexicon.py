"""The words of the `witch` grammar, English | Spanish, every form written out.

Each Spanish form is listed rather than derived, so that the accents that move (*joven, jóvenes*; *canción,
canciones*), the stems that change (*duerme, durmió*) and the false friends of gender (*el mapa, la mano,
la foto*) are there to be checked by eye.  Left out: feminine nouns that take *el* (*agua, águila*), nouns
whose gender depends on the person (*doctor*), and nouns without a number (*sheep*).
"""

from dataclasses import dataclass
from typing import NamedTuple, TypeVar


class Noun(NamedTuple):
    """English and Spanish by number (singular, plural); ``kind`` says what may be said of it."""

    english: tuple[str, str]
    spanish: tuple[str, str]
    gender: str
    kind: str


class Adjective(NamedTuple):
    """Spanish by gender and number; *be* is *estar* for a state and *ser* for a lasting quality."""

    english: str
    spanish: dict[tuple[str, int], str]
    kinds: frozenset[str]
    copula: str
    colour: bool
    before: bool
    """Whether Spanish puts it before the noun when a colour follows: *la pequeña bruja verde*."""


class Verb(NamedTuple):
    """English base, third person, past and -ing; Spanish present and past by number, and the gerund."""

    english: dict[str, str]
    present: tuple[str, str]
    past: tuple[str, str]
    gerund: str
    objects: str
    """What it takes: a kind of noun, ``""`` for none, ``"comes"`` for a verb whose subject follows in Spanish."""
    kinds: frozenset[str]


Word = TypeVar("Word", Noun, Adjective, Verb)


@dataclass(frozen=True)
class Lexicon:
    """The open classes; the closed ones (articles, prepositions, *be*) are in the grammar."""

    nouns: tuple[Noun, ...]
    adjectives: tuple[Adjective, ...]
    verbs: tuple[Verb, ...]

    def of_kind(self, *kinds: str) -> list[Noun]:
        """The nouns of some kinds."""
        return [noun for noun in self.nouns if noun.kind in kinds]


_NOUNS = """
witch witches | bruja brujas | f person
wizard wizards | mago magos | m person
king kings | rey reyes | m person
queen queens | reina reinas | f person
girl girls | niña niñas | f person
boy boys | niño niños | m person
woman women | mujer mujeres | f person
man men | hombre hombres | m person
sister sisters | hermana hermanas | f person
brother brothers | hermano hermanos | m person
prince princes | príncipe príncipes | m person
princess princesses | princesa princesas | f person
captain captains | capitán capitanes | m person
thief thieves | ladrón ladrones | m person
nun nuns | monja monjas | f person
guard guards | guardia guardias | m person
cat cats | gato gatos | m animal
dog dogs | perro perros | m animal
horse horses | caballo caballos | m animal
frog frogs | rana ranas | f animal
spider spiders | araña arañas | f animal
wolf wolves | lobo lobos | m animal
bird birds | pájaro pájaros | m animal
giraffe giraffes | jirafa jirafas | f animal
house houses | casa casas | f place
tower towers | torre torres | f place
castle castles | castillo castillos | m place
church churches | iglesia iglesias | f place
garden gardens | jardín jardines | m place
tree trees | árbol árboles | m place
river rivers | río ríos | m place
lake lakes | lago lagos | m place
bridge bridges | puente puentes | m place
mountain mountains | montaña montañas | f place
forest forests | bosque bosques | m place
door doors | puerta puertas | f place
valley valleys | valle valles | m place
letter letters | carta cartas | f thing
book books | libro libros | m thing
hat hats | sombrero sombreros | m thing
broom brooms | escoba escobas | f thing
key keys | llave llaves | f thing
apple apples | manzana manzanas | f thing
ring rings | anillo anillos | m thing
mirror mirrors | espejo espejos | m thing
map maps | mapa mapas | m thing
photo photos | foto fotos | f thing
watch watches | reloj relojes | m thing
saw saws | sierra sierras | f thing
candle candles | vela velas | f thing
lantern lanterns | farol faroles | m thing
dream dreams | sueño sueños | m event
dance dances | baile bailes | m event
walk walks | paseo paseos | m event
shout shouts | grito gritos | m event
work works | obra obras | f event
song songs | canción canciones | f event
story stories | historia historias | f event
"""

# english | m.sg f.sg m.pl f.pl, or sg pl where gender makes no difference | kinds | estar or ser | colour, before or -
_ADJECTIVES = """
green | verde verdes | person animal place thing | - | colour
red | rojo roja rojos rojas | person animal place thing | - | colour
black | negro negra negros negras | person animal place thing | - | colour
white | blanco blanca blancos blancas | person animal place thing | - | colour
blue | azul azules | person animal place thing | - | colour
yellow | amarillo amarilla amarillos amarillas | animal place thing | - | colour
purple | morado morada morados moradas | animal place thing | - | colour
small | pequeño pequeña pequeños pequeñas | person animal place thing | ser | before
big | grande grandes | animal place thing | ser | -
old | viejo vieja viejos viejas | person animal place thing event | ser | -
young | joven jóvenes | person animal | ser | before
tall | alto alta altos altas | person | ser | -
strange | extraño extraña extraños extrañas | person animal place thing event | ser | before
famous | famoso famosa famosos famosas | person place event | ser | before
brave | valiente valientes | person animal | ser | before
beautiful | hermoso hermosa hermosos hermosas | person animal place thing event | ser | before
long | largo larga largos largas | event | ser | -
tired | cansado cansada cansados cansadas | person animal | estar | -
sad | triste tristes | person animal | estar | -
sick | enfermo enferma enfermos enfermas | person animal | estar | -
angry | enojado enojada enojados enojadas | person animal | estar | -
dirty | sucio sucia sucios sucias | animal thing place | estar | -
clean | limpio limpia limpios limpias | animal thing place | estar | -
wet | mojado mojada mojados mojadas | animal thing | estar | -
"""

# base third past -ing | present sg pl | past sg pl | gerund | object
_VERBS = """
arrive arrives arrived arriving | llega llegan | llegó llegaron | llegando | comes
come comes came coming | viene vienen | vino vinieron | viniendo | comes
appear appears appeared appearing | aparece aparecen | apareció aparecieron | apareciendo | comes
return returns returned returning | vuelve vuelven | volvió volvieron | volviendo | comes
fall falls fell falling | cae caen | cayó cayeron | cayendo | comes
disappear disappears disappeared disappearing | desaparece desaparecen | desapareció desaparecieron | desapareciendo | comes
sleep sleeps slept sleeping | duerme duermen | durmió durmieron | durmiendo | -
sing sings sang singing | canta cantan | cantó cantaron | cantando | -
swim swims swam swimming | nada nadan | nadó nadaron | nadando | -
run runs ran running | corre corren | corrió corrieron | corriendo | -
cry cries cried crying | llora lloran | lloró lloraron | llorando | -
wait waits waited waiting | espera esperan | esperó esperaron | esperando | -
dance dances danced dancing | baila bailan | bailó bailaron | bailando | -
dream dreams dreamed dreaming | sueña sueñan | soñó soñaron | soñando | -
walk walks walked walking | camina caminan | caminó caminaron | caminando | -
shout shouts shouted shouting | grita gritan | gritó gritaron | gritando | -
work works worked working | trabaja trabajan | trabajó trabajaron | trabajando | -
buy buys bought buying | compra compran | compró compraron | comprando | thing
sell sells sold selling | vende venden | vendió vendieron | vendiendo | thing
find finds found finding | encuentra encuentran | encontró encontraron | encontrando | thing
lose loses lost losing | pierde pierden | perdió perdieron | perdiendo | thing
hide hides hid hiding | esconde esconden | escondió escondieron | escondiendo | thing
clean cleans cleaned cleaning | limpia limpian | limpió limpiaron | limpiando | thing
carry carries carried carrying | lleva llevan | llevó llevaron | llevando | thing
draw draws drew drawing | dibuja dibujan | dibujó dibujaron | dibujando | thing
see sees saw seeing | ve ven | vio vieron | viendo | thing
watch watches watched watching | mira miran | miró miraron | mirando | person
help helps helped helping | ayuda ayudan | ayudó ayudaron | ayudando | person
call calls called calling | llama llaman | llamó llamaron | llamando | person
greet greets greeted greeting | saluda saludan | saludó saludaron | saludando | person
follow follows followed following | sigue siguen | siguió siguieron | siguiendo | person
see sees saw seeing | ve ven | vio vieron | viendo | person
guard guards guarded guarding | vigila vigilan | vigiló vigilaron | vigilando | place
paint paints painted painting | pinta pintan | pintó pintaron | pintando | place
describe describes described describing | describe describen | describió describieron | describiendo | event
remember remembers remembered remembering | recuerda recuerdan | recordó recordaron | recordando | event
forget forgets forgot forgetting | olvida olvidan | olvidó olvidaron | olvidando | event
"""

HELD_OUT = frozenset({"nun", "giraffe", "valley", "lantern", "purple", "angry", "disappear", "forget"})
"""Words (in their base form) that no training sentence has in any form."""

_LIVING = frozenset({"person", "animal"})
_MAY_COME = {
    "arrive": _LIVING | {"thing"},
    "appear": _LIVING | {"thing"},
    "fall": _LIVING | {"thing"},
    "disappear": _LIVING | {"thing"},
}


def _rows(table: str) -> list[list[list[str]]]:
    return [[cell.split() for cell in line.split("|")] for line in table.strip().splitlines()]


def _adjective(row: list[list[str]]) -> Adjective:
    (english,), forms, kinds, (copula,), (place,) = row
    forms = [forms[0], forms[0], forms[1], forms[1]] if len(forms) == 2 else forms
    spanish = dict(zip((("m", 0), ("f", 0), ("m", 1), ("f", 1)), forms, strict=True))
    return Adjective(english, spanish, frozenset(kinds), copula, place == "colour", place == "before")


def _verb(row: list[list[str]]) -> Verb:
    english, present, past, (gerund,), (objects,) = row
    forms: dict[str, str] = dict(zip(("base", "third", "past", "ing"), english, strict=True))
    kinds = _MAY_COME.get(forms["base"], _LIVING)
    return Verb(
        forms,
        (present[0], present[1]),
        (past[0], past[1]),
        gerund,
        "" if objects == "-" else objects,
        kinds,
    )


LEXICON = Lexicon(
    tuple(Noun((en[0], en[1]), (es[0], es[1]), gender, kind) for en, es, (gender, kind) in _rows(_NOUNS)),
    tuple(_adjective(row) for row in _rows(_ADJECTIVES)),
    tuple(_verb(row) for row in _rows(_VERBS)),
)


def _is_held_out(word: Noun | Adjective | Verb) -> bool:
    if isinstance(word, Noun):
        return word.english[0] in HELD_OUT
    return (word.english["base"] if isinstance(word, Verb) else word.english) in HELD_OUT


def known() -> Lexicon:
    """The lexicon without the held-out words."""
    return _repeated(0)


def new() -> Lexicon:
    """The whole lexicon, the held-out words five times as frequent as the others."""
    return _repeated(5)


def _repeated(times: int) -> Lexicon:
    def repeat(words: tuple[Word, ...]) -> tuple[Word, ...]:
        return tuple(word for word in words for _ in range(times if _is_held_out(word) else 1))

    return Lexicon(repeat(LEXICON.nouns), repeat(LEXICON.adjectives), repeat(LEXICON.verbs))


def held_out_forms() -> frozenset[str]:
    """Every English form of a held-out word."""
    nouns = {form for noun in LEXICON.nouns if _is_held_out(noun) for form in noun.english}
    adjectives = {word.english for word in LEXICON.adjectives if _is_held_out(word)}
    verbs = {form for verb in LEXICON.verbs if _is_held_out(verb) for form in verb.english.values()}
    return frozenset(nouns | adjectives | verbs)
