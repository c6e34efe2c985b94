"""The quotes of whole results, checked by a script that knows nothing of the product."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.independent_verifier import check, counts, is_long_enough
from tests.personas.corpora import english_people, write_table

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
VERIFIER = ROOT / "tests" / "independent_verifier.py"


def generate(folder: Path, *sources: Path) -> Path:
    """A run of the command as a user makes it."""
    arguments = ["generate", *map(str, sources), "--llm", "extractive", "--out", "out", "--workspace", "ws"]
    subprocess.run(
        [sys.executable, "-m", "personas", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        timeout=280,
    )
    return folder / "out"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("independent")
    source = write_table(folder / "reviews.csv", english_people())
    return generate(folder, source), source


def test_the_verifier_imports_nothing_of_the_product() -> None:
    tree = ast.parse(VERIFIER.read_text(encoding="utf-8"))
    imported = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= set(sys.stdlib_module_names)


def test_what_was_made_stands_and_a_changed_letter_does_not(made: tuple[Path, Path]) -> None:
    out, source = made
    done = check(out, [source])
    assert done.quotes > 20
    assert done.faults == []

    path = out / "personas.json"
    stored = json.loads(path.read_text("utf-8"))
    citation = stored["personas"][0]["claims"][0]["citations"][0]
    for change in (
        {"quote": citation["quote"].replace("e", "3", 1)},
        {"quote": citation["quote"] + " and more"},
        {"customer_id": "somebody-else"},
        {"document_id": "no-such-document"},
    ):
        stored["personas"][0]["claims"][0]["citations"][0] = citation | change
        path.write_text(json.dumps(stored), encoding="utf-8")
        assert len(check(out, [source]).faults) == 1, change
    stored["personas"][0]["claims"][0]["citations"][0] = citation
    path.write_text(json.dumps(stored), encoding="utf-8")


def test_as_a_script_it_says_so_with_its_exit_code(made: tuple[Path, Path]) -> None:
    out, source = made
    call = [sys.executable, "-I", str(VERIFIER), str(out), str(source)]
    right = subprocess.run(call, capture_output=True, text=True, check=False, timeout=60)
    assert right.returncode == 0
    assert "stand in their sources" in right.stdout
    source.write_text(source.read_text("utf-8").replace("o", "0"), encoding="utf-8")
    wrong = subprocess.run(call, capture_output=True, text=True, check=False, timeout=60)
    assert wrong.returncode == 1


@pytest.mark.parametrize(
    ("quote", "is_enough"), [("one two three", False), ("it just works fine", True), ("味道很好吃啊", True)]
)
def test_a_quote_has_four_words_or_six_characters(quote: str, is_enough: bool) -> None:
    assert is_long_enough(quote) == is_enough


@pytest.mark.slow
@pytest.mark.parametrize("name", ["example", "jupyter", "zh_asap", "simulated"])
def test_every_quote_of_a_real_corpus_stands_in_its_source(name: str, tmp_path: Path) -> None:
    sources = {
        "example": [ROOT / "examples" / "kettlebird"],
        "jupyter": [DATA / "jupyter_ux2015" / "documents.jsonl"],
        "zh_asap": [DATA / "zh_asap" / "dev.csv", DATA / "zh_asap" / "train.csv"],
        "simulated": [tmp_path / "made-up" / "corpus"],
    }[name]
    if name == "simulated":
        call = [sys.executable, "-m", "personas", "simulate", "made-up", "--language", "mixed", "--customers", "120"]
        subprocess.run(call, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    if not all(source.exists() for source in sources):
        # What customers wrote is measured with and never committed: a checkout alone proves the other two corpora.
        pytest.skip(f"{name}: the measuring data is no part of the repository")
    out = generate(tmp_path, *sources)
    done = check(out, sources)
    assert done.quotes > 100
    assert done.faults == []
    assert counts(out)["people behind a supported claim, least"] >= 3
