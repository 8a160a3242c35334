"""A widget's weights leave the page for a file named by their hash, once for all pages."""

import json
from types import SimpleNamespace

import pages  # puts book/_ext on the path
import pytest

# isort: split
import weights

assert pages
MODEL = {"hash": "12ab", "config": {}, "arrays": {"W": {"shape": [1, 1], "data": "AD</script>A="}}}


def lighten(tmp_path, name, state):
    script = SimpleNamespace(attributes={"type": weights.STATE, "body": json.dumps({"state": state})})
    other = SimpleNamespace(attributes={"type": "text/javascript", "body": 'say("arrays")'})
    weights.lighten(
        SimpleNamespace(outdir=tmp_path), name, "page.html", {"script_files": [other, "a.js", script]}, None
    )
    assert other.attributes["body"] == 'say("arrays")'
    return script.attributes["body"]


@pytest.mark.parametrize(("name", "root"), [("book/ch07", ".."), ("front", "."), ("a/b/c", "../..")])
def test_the_page_keeps_an_address_and_the_file_has_all(tmp_path, name, root):
    state = {
        "w": {"state": {"_esm": "</script>", "n": [1], "weights": MODEL, "models": {"x": {"y": [MODEL]}}}}
    }
    body = lighten(tmp_path, name, state)
    assert "</script" not in body
    saved = json.loads(body)["state"]["w"]["state"]
    address = {"hash": "12ab", "url": f"{root}/_static/weights/12ab.json"}
    assert saved == {"_esm": "</script>", "n": [1], "weights": address, "models": {"x": {"y": [address]}}}
    assert [p.name for p in (tmp_path / "_static/weights").iterdir()] == ["12ab.json"]
    assert json.loads((tmp_path / "_static/weights/12ab.json").read_text()) == MODEL


def test_a_name_that_is_no_hash_is_left_alone(tmp_path):
    odd = {**MODEL, "hash": "../../etc"}
    assert json.loads(lighten(tmp_path, "a", {"w": odd}))["state"]["w"] == odd
    assert not list((tmp_path / "_static/weights").iterdir())


def test_what_no_page_names_goes(tmp_path):
    folder = tmp_path / "_static" / "weights"
    folder.mkdir(parents=True)
    for name in ("12ab.json", "ff.json"):
        (folder / name).write_text("{}")
    (tmp_path / "a.html").write_text("<script>{'url': '_static/weights/12ab.json'}</script>")
    weights.prune(SimpleNamespace(outdir=tmp_path), None)
    assert [p.name for p in folder.iterdir()] == ["12ab.json"]
    weights.prune(SimpleNamespace(outdir=tmp_path / "none"), None)
