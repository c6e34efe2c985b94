"""The job file: what it takes, and what it says of every mistake before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_kit.errors import InputError, PersonaKitError, PrivacyError, UsageError
from personas.batch_jobs import (
    JOB_KEYS,
    LIMITS,
    JobFile,
    check_places,
    choose_jobs,
    fingerprint_of,
    read_job_file,
)
from personas.options import FLAGS_ONLY, GenerateOptions

ONE = '[[job]]\nname = "one"\nsources = ["a.csv"]\n'


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "JOBS.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str) -> JobFile:
    return read_job_file(write(folder, text))


def test_a_job_takes_its_own_options_before_the_defaults_and_gets_folders_of_its_own(tmp_path: Path) -> None:
    text = (
        'title = "All"\nout = "here"\nworkspace = "kept"\n[defaults]\nllm = "extractive"\nseed = 3\nsegments = 4\n'
        '[limits]\nbudget_tokens = 500\ndeadline = 60\n[[job]]\nname = "one"\nsources = ["a.csv", "more"]\nseed = 7\n'
        'customers = "people.csv"\nschema = "wanted.toml"\n[[job]]\nname = "two"\nsources = ["/data/b.csv"]\n'
    )
    found = read(tmp_path, text)
    one, two = found.jobs
    assert (found.title, found.out, found.workspace) == ("All", tmp_path / "here", tmp_path / "kept")
    assert (one.options.seed, two.options.seed, one.options.segments, two.options.llm) == (7, 3, "4", "extractive")
    assert one.sources == (str(tmp_path / "a.csv"), str(tmp_path / "more"))
    assert two.sources == ("/data/b.csv",)
    assert one.files == {"customers": tmp_path / "people.csv", "schema": tmp_path / "wanted.toml"}
    assert (one.options.out, two.options.out) == (tmp_path / "here" / "one", tmp_path / "here" / "two")
    assert one.options.workspace == tmp_path / "kept" / "jobs" / "one"
    assert (found.limits.budget_tokens, two.options.deadline) == (500, 60)


def test_everything_lies_beside_the_job_file_where_it_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = read(tmp_path, ONE)
    assert (found.out, found.workspace) == (tmp_path / "personas-batch", tmp_path / ".personas")
    monkeypatch.setenv("PERSONAS_HOME", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PERSONAS_LMM", "x")
    found = read(tmp_path, ONE)
    assert found.workspace == tmp_path / "elsewhere"
    assert found.unknown_variables == ("PERSONAS_LMM",)


def test_a_model_file_is_looked_for_beside_the_job_file(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").touch()
    text = '[defaults]\nllm = "llama-cpp:m.gguf"\n' + ONE + 'embedder = "gensim:not-there"\n'
    options = read(tmp_path, text).jobs[0].options
    assert (options.llm, options.embedder) == (f"llama-cpp:{tmp_path / 'm.gguf'}", "gensim:not-there")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["no job", "[[job]]"]),
        ("job = 3", ["no job"]),
        ('[job]\nname = "one"', ["no job"]),
        ("colour = 1\n" + ONE, ["top level: colour", "allowed", "workspace"]),
        ("out = 3\n" + ONE, ["out = 3"]),
        ('out = ""\n' + ONE, ["out = ''"]),
        ("defaults = 3\n" + ONE, ["[defaults] is not a table"]),
        ("[defaults]\nsede = 1\n" + ONE, ["in [defaults]: sede", "seed"]),
        ("[defaults]\nbudget_usd = 1\n" + ONE, ["in [defaults]: budget_usd", "stand in [limits]"]),
        ("[limits]\nseed = 1\n" + ONE, ["in [limits]: seed", "budget_tokens"]),
        ("[limits]\nbudget_tokens = -1\n" + ONE, ["in [limits]: budget_tokens = -1"]),
        (ONE + "sede = 1\n", ["in job 'one': sede", "allowed in job 'one'", "sources", "seed"]),
        (ONE + 'out = "x"\n', ["in job 'one': out", "stand at the top level"]),
        (ONE + "force = true\n", ["in job 'one': force", "asked for each time"]),
        (ONE + 'seed = "many"\n', ["in job 'one': seed = 'many'"]),
        (ONE + "segments = 0\n", ["in job 'one': segments = 0", "auto"]),
        (ONE + ONE, ["two jobs are called 'one'"]),
        (ONE + ONE.replace("one", "ONE"), ["'one' and 'ONE' share a folder"]),
        ('[[job]]\nsources = ["a.csv"]\n', ["job 1 has no name"]),
        (ONE + '[[job]]\nname = "../two"\nsources = ["a"]\n', ["job 2: name = '../two'"]),
        ('[[job]]\nname = "one"\n', ["job 'one' has no sources"]),
        ('[[job]]\nname = "one"\nsources = "a.csv"\n', ["job 'one': sources = 'a.csv' is not a list"]),
        ('[[job]]\nname = "one"\nsources = []\n', ["job 'one': sources = []"]),
        ('[[job]]\nname = "one"\nsources = ["-"]\n', ["job 'one'", "standard input"]),
    ],
)
def test_a_mistake_is_named_with_its_job_and_key_and_what_is_allowed(
    text: str, told: list[str], tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as failure:
        read(tmp_path, text)
    assert [part for part in told if part not in failure.value.message] == []
    assert "JOBS.toml" in failure.value.where
    assert failure.value.mend


def test_a_file_that_is_no_toml_or_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 1"):
        read(tmp_path, "[[job]\n")
    with pytest.raises(InputError, match="No such file"):
        read_job_file(tmp_path / "none.toml")


def test_privacy_holds_in_a_batch_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, '[defaults]\nredact = "off"\n' + ONE + 'llm = "openai:gpt"\n')
    with pytest.raises(PrivacyError, match="job 'one'"):
        read_job_file(path)
    assert read_job_file(path, allow_unredacted=True).jobs[0].options.allow_unredacted
    monkeypatch.setenv("PERSONAS_LLM", "openai:gpt")
    with pytest.raises(UsageError, match=r"job 'one'.*only the environment"):
        read(tmp_path, ONE)


@pytest.mark.parametrize(
    "name", ["index.html", "Batch.json", "con", "nul.csv", "", ".hidden", "a/b", "a\\b", "a.", "a b"]
)
def test_names_that_are_no_folder_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name"):
        read(tmp_path, f"[[job]]\nname = '{name}'\nsources = ['a.csv']\n")


@given(st.text(max_size=70))
def test_every_name_that_is_taken_is_a_folder_below_out(name: str) -> None:
    from personas.batch_jobs import _checked_name

    try:
        _checked_name(name, 1, Path("J.toml"))
    except UsageError:
        return
    assert Path(name).parts == (name,)
    assert name not in {".", ".."}
    assert name.isprintable()


def test_every_option_has_its_place() -> None:
    keys = set(JOB_KEYS) | set(LIMITS) | {"out", "workspace"}
    fields = {"schema" if name == "schema_ref" else name for name in GenerateOptions.model_fields}
    assert keys - {"name", "sources"} == fields - FLAGS_ONLY
    assert not set(JOB_KEYS) & set(LIMITS)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("", "sources"),
        ('customers = "c.csv"\n', "customers"),
        ('orders = "o.csv"\n', "orders"),
        ('events = "e.csv"\n', "events"),
        ('schema = "s.toml"\n', "schema"),
    ],
)
def test_what_a_job_names_must_be_there(line: str, key: str, tmp_path: Path) -> None:
    found = read(tmp_path, ONE + line)
    if line:
        (tmp_path / "a.csv").touch()
    with pytest.raises(InputError, match=f"job 'one': {key} names") as failure:
        check_places(found, found.jobs)
    assert str(tmp_path) in failure.value.mend


@pytest.mark.parametrize(
    ("line", "refused"), [("", True), ('out = "../results"\n', False), ('out = ".hidden"\n', False)]
)
def test_results_are_never_read_as_sources(line: str, refused: bool, tmp_path: Path) -> None:
    found = read(tmp_path / "batch", f'{line}[[job]]\nname = "all"\nsources = ["."]\n')
    if not refused:
        check_places(found, found.jobs)
        return
    with pytest.raises(UsageError, match="holds the batch's own out folder"):
        check_places(found, found.jobs)


def test_jobs_are_chosen_by_name_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = read(tmp_path, ONE + ONE.replace("one", "two") + ONE.replace("one", "three"))
    assert [job.name for job in choose_jobs(found, [])] == ["one", "two", "three"]
    assert [job.name for job in choose_jobs(found, ["three", "one", "three"])] == ["one", "three"]
    with pytest.raises(UsageError, match="no job 'four'") as failure:
        choose_jobs(found, ["one", "four"])
    assert "one, two, three" in failure.value.mend


def _fingerprint(folder: Path, text: str = ONE) -> str:
    found = read(folder, text)
    return fingerprint_of(found.jobs[0], folder)


def test_a_fingerprint_follows_what_a_job_depends_on_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "c.csv"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    with_table = ONE + 'events = "c.csv"\n'
    first, table = _fingerprint(tmp_path), _fingerprint(tmp_path, with_table)
    others = [_fingerprint(tmp_path, text) for text in (ONE + "seed = 1\n", "[defaults]\nseed = 2\n" + ONE, with_table)]
    assert len({first, *others}) == 4
    for same in ("[limits]\nbudget_tokens = 9\n" + ONE, 'out = "o"\nworkspace = "w"\n' + ONE, ONE + "threads = 1\n"):
        assert _fingerprint(tmp_path, same) == first
    (tmp_path / "c.csv").write_text("changed", encoding="utf-8")
    assert _fingerprint(tmp_path) == first
    assert _fingerprint(tmp_path, with_table) != table
    monkeypatch.chdir(tmp_path)
    assert fingerprint_of(read_job_file(Path("JOBS.toml")).jobs[0], Path()) == _fingerprint(tmp_path, with_table)
    (tmp_path / "a.csv").write_text("changed", encoding="utf-8")
    assert _fingerprint(tmp_path) != first


def test_a_fingerprint_of_a_folder_follows_its_files(tmp_path: Path) -> None:
    text = '[[job]]\nname = "one"\nsources = ["texts"]\n'
    (tmp_path / "texts").mkdir()
    with pytest.raises(PersonaKitError, match="no file that can be read"):
        _fingerprint(tmp_path, text)
    (tmp_path / "texts" / "a.txt").write_text("words", encoding="utf-8")
    first = _fingerprint(tmp_path, text)
    (tmp_path / "texts" / "a.txt").rename(tmp_path / "texts" / "b.txt")
    assert _fingerprint(tmp_path, text) != first


def test_a_job_runs_again_when_what_is_corrected_by_hand_changes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("words", encoding="utf-8")
    first = _fingerprint(tmp_path)
    found = read(tmp_path, ONE).jobs[0].options.workspace / "corrections.toml"
    found.parent.mkdir(parents=True)
    found.write_text("[[rename]]", encoding="utf-8")
    in_workspace = _fingerprint(tmp_path)
    assert in_workspace != first
    (tmp_path / "mine.toml").write_text("[[rename]] # mine", encoding="utf-8")
    named = ONE + 'corrections = "mine.toml"\n'
    assert read(tmp_path, named).jobs[0].options.corrections == tmp_path / "mine.toml"
    assert _fingerprint(tmp_path, named) not in {first, in_workspace}
