"""The last chapter leaves nothing out: every measured claim with its verdict, every paper of the historical notes."""

import json
import re
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "book" / "ch10_summary.md").read_text(encoding="utf-8")
HISTORY = """
    bahdanau2015 chiu2016 cho2014 collobert2008 collobert2011 elman1990 foland2016 gers2000 giles1994 graves2005
    graves2007 graves2013generating graves2013speech hochreiter1997 irsoy2014 jordan1986 kalchbrenner2013 ling2015
    ma2016 mathis1995 mcclelland1986 mikolov2010 mikolov2013 miller1950 palmer2005 pennington2014 pradhan2007
    robinson1996 rumelhart1986 rumelhart1986learning schuster1997 shannon1951 sogaard2016 sutskever2014 werbos1974
    werbos1990 zhou2015
""".split()


def section(title):
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def cited(text):
    return {key.strip() for keys in re.findall(r"\{cite\}`([^`]+)`", text) for key in keys.split(",")}


def test_every_paper_of_the_historical_notes_is_in_the_history():
    assert set(HISTORY) <= cited(section("A short history"))


def test_every_citation_has_its_entry():
    entries = re.findall(
        r"^@\w+\{([^,]+),", (ROOT / "book" / "references.bib").read_text(encoding="utf-8"), re.M
    )
    assert cited(PAGE) <= set(entries)


def test_every_measured_claim_stands_in_the_table_with_its_verdict():
    ledger = json.loads((ROOT / "book" / "claims.json").read_text(encoding="utf-8"))
    text = section("What held, and what did not")
    rows = re.findall(r"^\| (\d+) \| .*\*\*\{claim\}`(\w+)\\\|verdict`\*\*", text, re.M)
    assert {claim: int(number) for number, claim in rows} == {
        name: int(claim["chapter"][2:4]) for name, claim in ledger.items()
    }


def test_joining_steps_is_the_recurrence_at_any_length():
    """The page's loop, for lengths that are no power of two as well."""
    loop = section("What came next").split("share, state, reach, rounds")[1].split("assert")[0]
    for T in (1, 2, 3, 7, 8, 33):
        rng = np.random.default_rng(T)
        a, b = rng.uniform(0.5, 1.0, T), rng.normal(size=T)
        namespace = {"a": a, "b": b, "T": T}
        exec("share, state, reach, rounds" + loop, namespace)
        h, wanted = 0.0, []
        for a_t, b_t in zip(a, b, strict=True):
            h = a_t * h + b_t
            wanted.append(h)
        np.testing.assert_allclose(namespace["state"], wanted, rtol=1e-10, atol=1e-12)
        assert namespace["rounds"] == int(np.ceil(np.log2(T)))


def test_a_bar_inside_a_table_is_escaped_or_it_ends_the_cell():
    for line in section("What held, and what did not").splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)\|", line)) == 5, line
