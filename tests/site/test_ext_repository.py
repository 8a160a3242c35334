"""One address of the repository gives the install cell and the links; without it there are none, and no broken command."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pages
import pytest
from sphinx.errors import ConfigError

ROOT = Path(__file__).parents[2]
URL = "https://github.com/ann/unrolled"
HEAD = "---\nkernelspec: {name: python3, display_name: Python 3, language: python}\njupytext: {text_representation: {extension: .md, format_name: myst}}\n---\n"
LAUNCH = "{%- for link in launch %}<a class='launch' href='{{ link.address|e }}'>{{ link.name }}</a>{% endfor %}{{ body }}"
RELEASED = ROOT / "exercises" / "ch01_rnn" / "ch01_rnn.ipynb"


def site(folder, url):
    templates = folder / "templates"
    templates.mkdir()
    (templates / "page.html").write_text(LAUNCH)
    made = pages.Pages(folder, "downloads", repository_url=url, templates_path=[str(templates)])
    made.write(one=HEAD + "# One\n\n```{code-cell}\nprint(1)\n```\n", two="# Two\n\nWords only.\n")
    shutil.copy(RELEASED, made.source / "three.ipynb")
    return made.build()


@pytest.fixture(scope="module")
def unset(tmp_path_factory):
    return site(tmp_path_factory.mktemp("unset"), "")


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return site(tmp_path_factory.mktemp("known"), f"{URL}.git")


def offered(made, name):
    return {a.text: a["href"] for a in made.html(name).select("a.launch")}


def first(made, name):
    return nbformat.read(made.out / f"{name}.ipynb", 4).cells[0]


def test_without_an_address_no_page_has_a_link_and_the_cell_says_how_to_install(unset):
    assert offered(unset, "one") == offered(unset, "two") == {}
    for name in ("one", "three"):
        assert "pip install -e ." in first(unset, name).source
        assert "git+" not in first(unset, name).source


def test_with_an_address_each_notebook_has_its_links_and_a_page_of_words_none(known):
    assert offered(known, "one") == {
        "Colab": "https://colab.research.google.com/github/ann/unrolled/blob/notebooks/one.ipynb",
        "Binder": "https://mybinder.org/v2/gh/ann/unrolled/notebooks?urlpath=lab%2Ftree%2Fone.ipynb",
    }
    assert offered(known, "two") == {}
    assert f'"unrolled @ git+{URL}"' in first(known, "one").source == first(known, "three").source


def test_behind_the_first_cell_an_assignment_is_the_release_to_the_byte(known):
    downloaded = json.loads((known.out / "three.ipynb").read_text(encoding="utf-8"))
    assert "nbgrader" not in downloaded["cells"].pop(0)["metadata"]
    again = json.dumps(downloaded, indent=1, ensure_ascii=False) + "\n"
    assert again.encode() == RELEASED.read_bytes()


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("https://gitlab.com/ann/deep/unrolled", {"Binder": "/v2/gl/ann%2Fdeep%2Funrolled/notebooks?"}),
        ("https://git.example.org:8443/u/x", {"Binder": "/v2/git/https%3A%2F%2Fgit.example.org%3A8443%2Fu%2Fx/"}),
        ("", {}),
    ],
)  # fmt: skip
def test_colab_reads_github_only_and_binder_any_host(url, names):
    found = {link.name: link.address for link in pages.load("repository").links(url, "a/b.ipynb")}
    assert found.keys() == names.keys()
    assert all(names[name] in found[name] for name in names)


@pytest.mark.parametrize(
    "url", ["git@github.com:ann/unrolled", "github.com/ann/x", 'https://a.org/x"; import os', "https://a.org"]
)
def test_an_address_that_can_t_be_one_stops_the_build(url):
    with pytest.raises(ConfigError, match="expected https://host/owner/name, got"):
        pages.load("repository").cleaned(url)


# ---------------------------------------------------------------- the cell itself


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A Python that sees every package but ours, and a git that finds ``URL`` on this machine: no network."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    where = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    own = subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.strip()
    # a line of a .pth is not searched for further .pth files, such as that of our editable install
    (Path(own) / "base.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    clone = folder / "clone"
    for name in ("src", "book/claims.json", "pyproject.toml", "README.md", "LICENSE"):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, clone / name)
    git = ["git", "-C", clone, "-c", "user.name=n", "-c", "user.email=e@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], check=True)
    offline = {
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{clone.as_uri()}.insteadOf", "GIT_CONFIG_VALUE_0": URL,
        "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "HOME": str(folder),
    }  # fmt: skip

    def run(code, **more):
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | offline | more
        return subprocess.run(
            [python, "-c", code], capture_output=True, text=True, cwd=folder, env=environment
        )

    (folder / "unrolled").mkdir()  # a folder of that name, such as a clone, is not the package
    return run


@pytest.mark.slow
def test_the_cell_says_what_is_missing_then_installs_and_then_does_nothing(elsewhere):
    repository = pages.load("repository")
    say, install = repository.install_cell("").source, repository.install_cell(URL).source
    setup = next(c.source for c in nbformat.read(RELEASED, 4).cells if c.id == "setup")

    told = elsewhere(say)
    assert told.returncode == 1 and told.stderr.splitlines()[-1].startswith(
        "ModuleNotFoundError: Run `python -m pip"
    )
    failed = elsewhere(install, GIT_CONFIG_VALUE_0="https://nowhere.invalid", GIT_ALLOW_PROTOCOL="file")
    assert failed.returncode == 1 and "pip could not install the course's package:\n" in failed.stderr

    both = f"{install}\n{setup}\nfrom unrolled.experiments import ledger\nprint(len(ledger.read()), 'claims')"
    done = elsewhere(both)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > 10, "the chapters draw the ledger's figures"
    again = elsewhere(install.replace("subprocess.run(", "print(1 / 0, "))
    assert (again.returncode, again.stdout) == (0, "")
    assert elsewhere(say).returncode == 0
