"""A widget's weights and its module leave the page for files named by their hashes, once for all pages."""

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


def inside(file):
    """The value that the script puts under its own name."""
    name, value = file.read_text(encoding="utf-8").split("=", 1)
    assert name == f'unrolledFiles["{file.name}"]'
    return json.loads(value)


@pytest.mark.parametrize(("name", "root"), [("book/ch07", ".."), ("front", "."), ("a/b/c", "../..")])
def test_the_page_keeps_an_address_and_the_file_has_all(tmp_path, name, root):
    state = {
        "w": {"state": {"_esm": "</script>", "n": [1], "weights": MODEL, "models": {"x": {"y": [MODEL]}}}}
    }
    body = lighten(tmp_path, name, state)
    assert "</script" not in body
    saved = json.loads(body)["state"]["w"]["state"]
    address = {"hash": "12ab", "url": f"{root}/_static/weights/12ab.model.js"}
    assert saved == {"_esm": "</script>", "n": [1], "weights": address, "models": {"x": {"y": [address]}}}
    assert [p.name for p in (tmp_path / "_static/weights").iterdir()] == ["12ab.model.js"]
    assert inside(tmp_path / "_static/weights/12ab.model.js") == MODEL


def test_a_long_module_leaves_too_once_for_all_its_widgets(tmp_path):
    source = "// </script> ‘…’\n" * weights.LONG
    body = lighten(tmp_path, "book/ch07", {"a": {"state": {"_esm": source}}, "b": {"state": {"_esm": source, "n": "_esm"}}})  # fmt: skip
    (file,) = (tmp_path / "_static/weights").iterdir()
    assert file.name.endswith(".module.js") and inside(file) == source
    address = {"hash": file.name.split(".")[0], "url": f"../_static/weights/{file.name}"}
    saved = json.loads(body)["state"]
    assert saved == {"a": {"state": {"_esm": address}}, "b": {"state": {"_esm": address, "n": "_esm"}}}


def test_a_name_that_is_no_hash_is_left_alone(tmp_path):
    odd = {**MODEL, "hash": "../../etc"}
    assert json.loads(lighten(tmp_path, "a", {"w": odd}))["state"]["w"] == odd
    assert not list((tmp_path / "_static/weights").iterdir())


def test_what_no_page_names_goes(tmp_path):
    folder = tmp_path / "_static" / "weights"
    folder.mkdir(parents=True)
    for name in ("12ab.model.js", "ff.model.js", "34cd.module.js", "ee.module.js"):
        (folder / name).write_text("{}")
    (tmp_path / "a.html").write_text(
        "<script>{'url': '_static/weights/12ab.model.js', '_esm': '_static/weights/34cd.module.js'}</script>"
    )
    weights.prune(SimpleNamespace(outdir=tmp_path), None)
    assert {p.name for p in folder.iterdir()} == {"12ab.model.js", "34cd.module.js"}
    weights.prune(SimpleNamespace(outdir=tmp_path / "none"), None)
