"""`personas batch` and `personas cache` as a user meets them: streams, exit codes, Ctrl-C, and the page of the docs."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from persona_kit.response_store import ResponseStore
from persona_kit.workspace import Workspace
from personas.batch_jobs import LIMITS, TOP_KEYS
from personas.stored_answers import STORE, Wanted, prune, survey, tell_bytes
from tests.personas.corpora import english_people, write_table

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")
Personas = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def personas(tmp_path: Path, repository: Path) -> Personas:
    """Calls the command in a folder of the test's own."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "personas", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(repository)},
        )

    return call


def example(name: str) -> str:
    """The one block of the page with that mark."""
    found = re.findall(rf"^<!-- example: {re.escape(name)} -->\n```\w+\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return str(found[0])


@pytest.fixture
def documented(tmp_path: Path) -> Path:
    """A folder with the job file of the page and the sources it names."""
    people = english_people(10)
    write_table(tmp_path / "reviews.csv", people)
    (tmp_path / "interviews").mkdir()
    for person in people:
        text = "\n".join(person.texts)
        (tmp_path / "interviews" / f"{person.customer_id}.txt").write_text(text, encoding="utf-8")
    (tmp_path / "JOBS.toml").write_text(example("JOBS.toml"), encoding="utf-8")
    return tmp_path


def test_the_example_of_the_page_runs_and_runs_again(documented: Path, personas: Personas) -> None:
    _, *arguments = shlex.split(example("command"))
    result = personas(*arguments, "--json")
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert record == json.loads((documented / "reports" / "batch.json").read_text(encoding="utf-8"))
    assert [(job["name"], job["state"]) for job in record["jobs"]] == [("app-reviews", "done"), ("interviews", "done")]
    assert [job["counts"]["people"] for job in record["jobs"]] == [30, 30]
    assert "\x1b" not in result.stderr
    assert "app-reviews: report: done" in result.stderr
    assert "jobs: done (2)" in result.stderr
    written = [line.split()[0] for line in example("written").splitlines()]
    assert {Path(path) for path in written} == {p.relative_to(documented) for p in (documented / "reports").iterdir()}

    page = LexborHTMLParser((documented / "reports" / "index.html").read_text(encoding="utf-8"))
    links = {(node.attributes["href"] or "").partition("#")[0] for node in page.css("main a")}
    assert links == {"app-reviews/report.html", "interviews/report.html"}
    report = (documented / "reports" / "app-reviews" / "report.html").read_text(encoding="utf-8")
    assert all(f'id="persona-{at}"' in report for at in range(1, record["jobs"][0]["counts"]["personas"] + 1))

    again = personas(*arguments)
    assert (again.returncode, again.stdout) == (0, "")
    assert "interviews: done before" in again.stderr
    assert "load" not in again.stderr


def test_the_dry_run_of_the_page_tells_the_jobs_and_writes_no_result(documented: Path, personas: Personas) -> None:
    _, *arguments = shlex.split(example("dry run"))
    told = personas(*arguments, "--json")
    assert told.returncode == 0, told.stderr
    assert [job["name"] for job in json.loads(told.stdout)["jobs"]] == ["app-reviews", "interviews"]
    assert "all jobs: 2 to run" in told.stderr
    assert not (documented / "reports").exists()
    path = documented / "JOBS.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("segments = 2", 'text = "body"'), encoding="utf-8")
    broken = personas(*arguments)
    assert (broken.returncode, broken.stdout) == (3, "")
    assert "interviews: cannot be run as it stands: there is no column 'body'" in broken.stderr
    assert "all jobs: 1 to run" in broken.stderr
    assert "Traceback" not in broken.stderr


def test_the_page_names_every_key_of_its_own() -> None:
    assert [key for key in (*TOP_KEYS, *LIMITS) if f"`{key}`" not in PAGE and f"`[{key}]`" not in PAGE] == ["job"]
    assert "`[[job]]`" in PAGE


def test_a_failed_job_is_exit_3_and_the_rest_is_done(documented: Path, personas: Personas) -> None:
    path = documented / "JOBS.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("segments = 2", 'text = "body"'), encoding="utf-8")
    result = personas("batch", "JOBS.toml", "--json")
    assert result.returncode == 3
    assert [job["state"] for job in json.loads(result.stdout)["jobs"]] == ["done", "failed"]
    assert "failed     interviews: there is no column 'body'" in result.stderr
    assert "Traceback" not in result.stderr
    only = personas("batch", "JOBS.toml", "--only", "app-reviews")
    assert only.returncode == 0
    assert "interviews:" not in only.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["batch", "none.toml"], 3, "none.toml"),
        (["batch", "JOBS.toml", "--only", "nobody"], 2, "app-reviews, interviews"),
        (["cache", "stats", "--workspace", "none"], 3, "none"),
        (["cache", "prune", "--workspace", "none", "--kind", "all"], 3, "none"),
        (["cache", "prune"], 2, "--older-than"),
        (["cache", "prune", "--kind", "answers"], 2, "answer, vector, fact, failure, all"),
        (["cache", "prune", "--older-than", "1e300"], 2, "--older-than"),
        (["cache", "prune", "--keep-mb", "inf"], 2, "--keep-mb"),
    ],
)
def test_a_mistaken_call_is_told_and_leaves_nothing(
    arguments: list[str], code: int, named: str, documented: Path, personas: Personas
) -> None:
    before = {path.name for path in documented.iterdir()}
    result = personas(*arguments)
    assert (result.returncode, result.stdout) == (code, "")
    assert named in result.stderr
    assert "Traceback" not in result.stderr
    assert {path.name for path in documented.iterdir()} == before


def test_ctrl_c_is_exit_130_and_the_next_call_goes_on(documented: Path, personas: Personas) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "personas", "batch", "JOBS.toml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=documented,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stderr is not None
    while not process.stderr.readline().startswith("interviews: "):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=120)
    assert (process.returncode, stdout) == (130, ""), stderr
    assert "interrupted: index.html and batch.json say what is done" in stderr
    assert "Traceback" not in stderr
    record = json.loads((documented / "reports" / "batch.json").read_text(encoding="utf-8"))
    assert [job["state"] for job in record["jobs"]] == ["done", "unfinished"]
    again = personas("batch", "JOBS.toml")
    assert again.returncode == 0, again.stderr
    assert "app-reviews: done before" in again.stderr


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A workspace with a store of its own and one of a batch's job."""
    workspace = tmp_path / "kept"
    for folder in (workspace, workspace / "jobs" / "one"):
        with ResponseStore(folder / STORE) as store:
            for number in range(30):
                store.put(f"k{number}", "words " * 500)
            store.put("f", "a fact", kind="fact")
    return workspace


def test_cache_stats_counts_every_store_and_locks_nothing(kept: Path, personas: Personas) -> None:
    with Workspace.open(kept):
        told = personas("cache", "stats", "--workspace", "kept")
        data = personas("cache", "stats", "--workspace", "kept", "--json")
    assert (told.returncode, data.returncode) == (0, 0), told.stderr + data.stderr
    assert len(re.findall(r"answers: +30 ", told.stdout)) == 2
    assert "paid for again" in told.stdout
    reports = json.loads(data.stdout)
    assert [report["path"] for report in reports] == [f"kept/{STORE}", f"kept/jobs/one/{STORE}"]
    assert [kind["count"] for kind in reports[0]["kinds"]] == [30, 0, 1, 0]


def test_cache_prune_asks_says_what_it_did_and_what_it_costs(kept: Path, personas: Personas) -> None:
    asked = personas("cache", "prune", "--workspace", "kept", "--kind", "answer")
    assert (asked.returncode, asked.stdout) == (2, "")
    assert "removes 60 values" in asked.stderr
    assert "--yes" in asked.stderr
    assert [report.kinds[0].count for report in survey(kept)] == [30, 30]
    nothing = personas("cache", "prune", "--workspace", "kept", "--older-than", "1")
    assert nothing.returncode == 0
    assert "nothing to remove" in nothing.stderr
    done = personas("cache", "prune", "--workspace", "kept", "--kind", "answer", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["count"] == 60
    assert "removed 60 values" in done.stderr
    assert "asked for again, and paid for again" in done.stderr
    assert [[kind.count for kind in report.kinds] for report in survey(kept)] == [[0, 0, 1, 0], [0, 0, 1, 0]]


def test_cache_prune_keeps_out_of_a_run_that_goes_on(kept: Path, personas: Personas) -> None:
    with Workspace.open(kept / "jobs" / "one"):
        result = personas("cache", "prune", "--workspace", "kept", "--kind", "all", "--yes")
    assert (result.returncode, result.stdout) == (3, "")
    assert "kept" in result.stderr
    assert [report.kinds[0].count for report in survey(kept)] == [30, 30]


def test_a_workspace_names_its_store_as_the_cache_looks_for_it(tmp_path: Path) -> None:
    with Workspace.open(tmp_path / "kept") as workspace:
        assert workspace.responses_path == workspace.path / STORE


def test_keeping_the_newest_holds_for_each_store(kept: Path) -> None:
    report = prune(kept, Wanted.of(kind="answer", older_than_days=None, keep_mb=0.01))
    assert [store.kinds[0].count for store in survey(kept)] == [3, 3]
    assert (report.stores, report.count) == (2, 54)
    assert report.bytes_on_disk_after < report.bytes_on_disk_before


@pytest.mark.parametrize(
    ("size", "told"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_999, "1.0 MB"), (5 * 10**12, "5,000.0 GB")]
)
def test_sizes_are_told_as_people_read_them(size: int, told: str) -> None:
    assert tell_bytes(size) == told
