"""Laws of the figures: the same bytes each time, the page's colours and font, a text alternative always."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from unrolled import viz

ROOT = Path(__file__).parents[1]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def headless():
    plt.switch_backend("agg")


def drawn():
    fig, ax = viz.figure()
    viz.line(ax, [1, 2, 3], [0.2, 0.4, 0.9], [0.1, 0.1, 0.05], label="RNN", role="hidden")
    viz.line(ax, [1, 2, 3], [0.1, 0.1, 0.1], label="window", role="input", marker="s", dashed=True)
    viz.title(ax, "right", "words ago")
    return viz.show(fig, "Two lines & a band, 5 < 6")


def ledger_entry():
    def figure(mean, sd=0.01):
        return {"mean": mean, "sd": sd, "ci95": [mean - sd, mean + sd], "n": 5}

    summary = {f"rnn_d{d}": figure(0.99) for d in range(1, 7)}
    summary |= {f"window_d{d}": figure(1.0 if d < 4 else 0.1) for d in range(1, 7)}
    summary |= {f"long_{name}_d{d}": figure(0.8) for name in ("rnn", "window") for d in (4, 12, 48)}
    return {"summary": {**summary, "chance": figure(0.1, 0.0)}, "data": {"window": 3, "longest_trained": 6}}


def figures_of(**means):
    """A summary, and runs with the same figures, as a ledger's entry has them."""
    summary = {
        name: {"mean": m, "sd": 0.01, "ci95": [m - 0.01, m + 0.01], "n": 2} for name, m in means.items()
    }
    runs = [{"seed": n, "figures": {name: m + 0.01 * n for name, m in means.items()}} for n in (0, 1)]
    return {"summary": summary, "runs": runs}


def truncation_entry():
    shares = {f"L{L}_d{d}": 1.0 if d < L else 0.1 for L in (4, 8) for d in (2, 4, 8)}
    return figures_of(**shares, **{f"mixed_L8_d{d}": 0.9 for d in (2, 4, 8)}, chance=0.1)


def gradient_entry():
    slopes = {"rnn": -0.3, "gru": -0.001, "lstm": 0.0, "lstm_bias1": -0.05}
    return figures_of(**{
        f"{when}_{name}_d{d}": slope * (d - 1)
        for when in ("init", "trained") for name, slope in slopes.items() for d in (1, 8, 32)
    })  # fmt: skip


def temperature_entry():
    found = {f"distinct_2_t{t:g}": 0.3 + t / 4 for t in (0.5, 1.0, 1.5)}
    found |= {f"repeated_t{t:g}": 0.6 - t / 3 for t in (0.5, 1.0, 1.5)}
    return figures_of(**found, distinct_2_human=0.8, repeated_human=0.05)


def length_entry(*kinds):
    lows = (3, 5, 7, 13)
    return figures_of(
        **{f"witch_{kind}_{low}": 80.0 - 3 * low - 20 * (kind == "gain") for kind in kinds for low in lows}
    )


def forcing_entry():
    found = {
        f"own_words_epoch{n}_f{share}": 5.0 - n + float(share) for n in (1, 2) for share in ("1", "0.5", "0")
    }
    return figures_of(**found, updates=60.0)


def shares(*names):
    return figures_of(**{name: 0.7 + n / 50 for n, name in enumerate(names)})


TYING = {"perplexity_tied": 30.2, "perplexity_untied": 31.0, "parameters_tied": 9e4, "parameters_untied": 2e5}
TAGGED = [f"{which}_{name}" for which in ("all", "right", "left") for name in ("rnn", "birnn")]
ALIGNED = [f"error_{n}" for n in ("diagonal", "dot", "scaled", "bilinear", "determiners_dot", "others_dot")]
CONTEXTS = [f"bleu{band}_{which}" for band in ("", "_5", "_11") for which in ("every", "first")]
ROWS = [("tied", "one matrix", "hidden"), ("untied", "two matrices", "output")]
PICTURES = {
    "lines": drawn,
    "states": lambda: viz.states(
        [[0.5, -1.0], [0.0, 3.0]], ["the", "<b>$5"], alt='two units, “quoted”, "twice" & <b>'
    ),
    "recall": lambda: viz.recall_curve(ledger_entry()),
    "recall, long": lambda: viz.recall_curve(ledger_entry(), long=True),
    "truncation": lambda: viz.truncation_curve(truncation_entry()),
    "gradient": lambda: viz.gradient_curve(gradient_entry()),
    "gradient, init": lambda: viz.gradient_curve(gradient_entry(), "init"),
    "weight tying": lambda: viz.weight_tying_chart(figures_of(**TYING)),
    "perplexity": lambda: viz.perplexity_chart(shares("trigram", "window", "rnn", "lstm")),
    "pooling": lambda: viz.pooling_chart(shares("last", "mean", "max", "bayes")),
    "temperature": lambda: viz.temperature_curve(temperature_entry()),
    "right context": lambda: viz.right_context_chart(shares(*TAGGED)),
    "lengths": lambda: viz.length_chart(length_entry("bleu"), "witch"),
    "lengths, with attention": lambda: viz.length_chart(length_entry("bleu", "gain"), "witch"),
    "alignment": lambda: viz.alignment_chart(shares(*ALIGNED)),
    "decoder context": lambda: viz.decoder_context_chart(shares(*CONTEXTS)),
    "forcing": lambda: viz.forcing_curve(forcing_entry()),
    "forcing, BLEU": lambda: viz.forcing_chart(shares("bleu_f1", "bleu_f0.5", "bleu_f0")),
    "bilinear": lambda: viz.bilinear_chart(
        shares("bleu_dot", "bleu_unequal", "parameters_dot", "parameters_unequal")
    ),
    "intervals": lambda: viz.intervals(figures_of(tied=30.2, untied=31.0), ROWS, "perplexity"),
}


def test_without_attention_is_what_attention_gained_taken_off():
    """Means by hand at 3 words: 71 and, over runs of + 0 and + 0.01 in both figures, 71 - 51 = 20."""
    assert "with attention: 3–4 words 71.0" in viz.length_chart(length_entry("bleu", "gain"), "witch").alt
    assert "without: 3–4 words 20.0" in viz.length_chart(length_entry("bleu", "gain"), "witch").alt


@pytest.fixture(params=PICTURES)
def make(request):
    return PICTURES[request.param]


def test_the_same_figure_gives_the_same_bytes(make):
    assert make() == make()


def test_another_process_gives_the_same_bytes(tmp_path):
    """No address, date or hash seed of a process gets into the file."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_viz as t; "
        "[p().save(f'{sys.argv[2]}/{n}.svg') for n, p in enumerate(t.PICTURES.values())]"
    )
    subprocess.run([sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path)], check=True)
    for n, picture in enumerate(PICTURES.values()):
        assert (tmp_path / f"{n}.svg").read_text(encoding="utf-8") == picture().svg + "\n"


def test_it_is_an_image_with_a_name_and_a_size(make):
    picture = make()
    root = ET.fromstring(picture.svg)
    assert root.get("role") == "img" and root.get("aria-label") == picture.alt
    box = [float(n) for n in root.get("viewBox").split()]
    assert box == [0, 0, float(root.get("width")), float(root.get("height"))]
    assert picture.svg in picture._repr_html_() and picture.alt in repr(picture)


def test_every_colour_follows_the_page(make):
    """No colour but through a variable, so that dark mode reaches each; the light value is the fallback."""
    svg = make().svg
    found = re.findall(r"var\(--([a-z0-9-]+), (#[0-9a-f]{6})\)", svg)
    assert found and all(viz.ROLES[name] == value for name, value in found)
    rest = re.sub(r"var\([^)]*\)", "", svg)
    assert not re.findall(r"(?:fill|stroke|color): ?(?!none|;|\")[#a-z]", rest)


def test_the_roles_are_those_of_the_page():
    css = (ROOT / "book" / "_theme" / "static" / "tokens.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})", css.split("}")[0]))
    assert {name: light[name] for name in viz.ROLES} == viz.ROLES


def test_text_is_text_in_the_font_of_the_page_and_never_small(make):
    texts = ET.fromstring(make().svg).findall(f".//{SVG}text")
    assert texts
    for text in texts:
        assert "var(--sans" in text.get("style")
        assert float(re.search(r"font-size: ([\d.]+)px", text.get("style"))[1]) >= 12


def test_ids_of_two_figures_never_meet_and_every_reference_is_met():
    svgs = [make().svg for make in PICTURES.values()]
    ids = [re.findall(r' id="([^"]+)"', svg) for svg in svgs]
    assert len({name for names in ids for name in names}) == sum(map(len, ids)) > 0
    for svg, names in zip(svgs, ids, strict=True):
        assert set(re.findall(r'(?:url\(|href=")#([^")]+)', svg)) == set(names)
        assert "<style" not in svg, "a style element would reach the whole page"


def test_words_are_written_as_given():
    svg = PICTURES["states"]().svg
    words = [text.text for text in ET.fromstring(svg).findall(f".//{SVG}text")]
    assert {"the", "<b>$5", "+0.50", "\N{MINUS SIGN}1.00", "0", "+3.00", "unit 2"} <= set(words)


def test_states_fill_by_size_and_tell_the_sign():
    svg = viz.states([[1.0, -0.5, 0.0]], ["x"], role="cell").svg
    cells = re.findall(r'<path d="[^"]+" style="fill: var\(--([a-z0-9-]+),[^"]*opacity: ([\d.]+)', svg)
    assert [(name, float(a)) for name, a in cells] == [("cell", 0.45), ("ink-2", 0.225)], "0 draws nothing"


@pytest.mark.parametrize("alt", ["", "  \n", None])
def test_a_figure_without_words_is_refused(alt):
    fig, _ = viz.figure()
    with pytest.raises(ValueError, match="alt: expected a sentence"):
        viz.show(fig, alt)


def test_a_reader_s_own_figure_is_shown_and_closed():
    before = plt.get_fignums()
    fig, ax = plt.subplots()
    ax.plot([1, 2])
    assert "<svg" in viz.show(fig, "a line")._repr_html_()
    assert plt.get_fignums() == before
    drawn()
    assert plt.get_fignums() == before


def test_settings_of_the_reader_are_left_alone():
    before = dict(plt.rcParams)
    drawn()
    assert dict(plt.rcParams) == before


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ax: viz.line(ax, [1, 2], [1.0], label="a", role="hidden"), r"mean: expected shape \(N=2,\), got \(1,\)"),
        (lambda ax: viz.line(ax, [1, 2], [1.0, 2.0], [1.0], label="a", role="hidden"), r"sd: expected shape"),
        (lambda ax: viz.line(ax, [1], [np.nan], label="a", role="hidden"), "mean: expected finite numbers"),
        (lambda ax: viz.line(ax, [1], [1.0], label="a", role="red"), "role: expected one of .*hidden.*, got 'red'"),
        (lambda ax: viz.gradient_curve(gradient_entry(), "later"), "when: expected init or trained, got 'later'"),
        (lambda ax: viz.length_chart(length_entry("bleu"), "klingon"), "corpus: expected witch or tatoeba, got 'klingon'"),
        (lambda ax: viz.intervals(figures_of(tied=1.0), ROWS, "x"), r"rows: expected figures .*\(tied\), got 'untied'"),
        (lambda ax: viz.states(np.zeros((2, 3)), ["one"]), r"h: expected shape \(T=1, H\), got \(2, 3\); T = 1 comes from tokens"),
        (lambda ax: viz.states(np.zeros((0, 3)), []), "h: expected at least one token and one unit"),
    ],
)  # fmt: skip
def test_bad_input_says_expected_and_got(call, message):
    with pytest.raises(ValueError, match=message):
        call(viz.figure()[1])


def test_the_recall_curve_says_the_ledger_s_numbers():
    entry = json.loads((ROOT / "book" / "claims.json").read_text(encoding="utf-8"))["recall"]
    figures, window = entry["summary"], entry["data"]["window"]
    alt = viz.recall_curve(entry).alt
    assert f"{window + 1} ago: RNN {figures[f'rnn_d{window + 1}']['mean']:.0%}" in alt
    assert f"feedforward {figures[f'window_d{window + 1}']['mean']:.0%}" in alt
    assert f"96 ago: RNN {figures['long_rnn_d96']['mean']:.0%}" in viz.recall_curve(entry, long=True).alt


def test_charts_say_the_ledger_s_numbers_in_words():
    ledger = json.loads((ROOT / "book" / "claims.json").read_text(encoding="utf-8"))
    alt = viz.truncation_curve(ledger["truncation"]).alt
    assert f"segments of 8: 2 ago {ledger['truncation']['summary']['L8_d2']['mean']:.0%}" in alt
    alt, figures = viz.gradient_curve(ledger["gradient_norm"]).alt, ledger["gradient_norm"]["summary"]
    assert f"{figures['trained_rnn_d32']['mean']:.2f}".replace("-", "\N{MINUS SIGN}") in alt
    assert (
        "tied, 90,000 parameters: 30.2; untied, 200,000 parameters: 31.0." in PICTURES["weight tying"]().alt
    )
    assert (
        "different pairs of words: 0.5: 42%, 1: 55%, 1.5: 68%; people: 80%" in PICTURES["temperature"]().alt
    )
    assert "one matrix: 30.2; two matrices: 31.0." in PICTURES["intervals"]().alt
    assert "RNN: 1 back 10 to the 0, 8 back 10 to the \N{MINUS SIGN}2.10" in PICTURES["gradient"]().alt
