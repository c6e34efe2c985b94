"""The job file of a batch: many runs with shared defaults, and limits for all of them together."""

from __future__ import annotations

import os
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from persona_kit.errors import InputError, PersonaKitError, UsageError
from persona_kit.hashing import sha256_file, sha256_json
from persona_kit.progress import Silent
from persona_kit.settings import Settings, key_name
from persona_kit.version import tool_version
from personas.corrections.reading import FILE_NAME as CORRECTIONS
from personas.options import FLAGS_ONLY, GenerateOptions, resolve_options
from personas.outputs import NOT_OF_THE_RESULT

INDEX, RECORD = "index.html", "batch.json"
DEFAULT_OUT = "personas-batch"
JOBS_FOLDER = "jobs"
"""Folder of a batch's workspace that holds a workspace for each job."""

LIMITS = (
    "max_concurrency",
    "requests_per_minute",
    "tokens_per_minute",
    "call_timeout",
    "budget_tokens",
    "budget_usd",
    "deadline",
)
"""Options that hold for all jobs together, and so stand in [limits] only."""

TOP_KEYS = ("title", "out", "workspace", "defaults", "limits", "job")
_FIELDS = {key_name(name): name for name in GenerateOptions.model_fields}
OPTION_KEYS = tuple(
    key for key, name in _FIELDS.items() if name not in FLAGS_ONLY | {"out", "workspace"} and name not in LIMITS
)
"""Keys of [defaults] and, beside `name` and `sources`, of a [[job]]."""
JOB_KEYS = ("name", "sources", *OPTION_KEYS)

_FILE_OPTIONS = ("customers", "orders", "events", "schema_ref", "corrections")
_ENGINES_WITH_FILES = frozenset({"llama-cpp", "gensim"})
_LONGEST_NAME = 64
_RESERVED = frozenset({INDEX, RECORD, "con", "prn", "aux", "nul"})
_RESERVED |= {f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)}
"""Names of the batch's own files, and those that Windows keeps for devices."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run of a batch."""

    name: str
    """Unique in the batch; the name of its folders."""
    sources: tuple[str, ...]
    """As `generate` takes them, from the folder the command was called in."""
    options: GenerateOptions
    """With the folders of this job, and the limits of the batch."""
    given: Mapping[str, Any]
    """Sources and options as the job file has them, defaults included: the same wherever the file lies."""

    @property
    def files(self) -> dict[str, Path]:
        """The files that options name, such as the customer table, by the option's key."""
        named = {name: getattr(self.options, name) for name in _FILE_OPTIONS}
        found = self.options.workspace / CORRECTIONS
        if named["corrections"] is None and found.is_file():
            named["corrections"] = found
        return {
            key_name(name): Path(value)
            for name, value in named.items()
            if value is not None and (name != "schema_ref" or value.endswith(".toml"))
        }


@dataclass(frozen=True, kw_only=True)
class JobFile:
    """A job file that was found to hold together."""

    path: Path
    title: str
    out: Path
    """Holds the index page, the record and a folder of results for each job."""
    workspace: Path
    jobs: tuple[Job, ...]
    unknown_variables: tuple[str, ...]
    """`PERSONAS_*` variables that are set and mean nothing."""

    @property
    def limits(self) -> GenerateOptions:
        """Options whose `LIMITS` hold for all jobs together."""
        return self.jobs[0].options


def read_job_file(path: Path, *, allow_unredacted: bool = False) -> JobFile:
    """The jobs of the file; paths in it start from the folder it lies in.

    A job's own keys come before [defaults], these before the environment and config.toml.

    Args:
        path: a TOML file, see `docs/batch.md`.
        allow_unredacted: lets hosted engines see text that was not redacted.

    Raises:
        InputError: when the file cannot be read.
        UsageError: when a key or value is wrong; the message names the job, the key and what is allowed.
        PrivacyError: when unredacted text would go to another machine.
    """
    content = _read(path)
    _check_keys(content, TOP_KEYS, "at the top level", path)
    defaults, limits = (_table(content.get(name, {}), f"[{name}]", path) for name in ("defaults", "limits"))
    _check_options(defaults, OPTION_KEYS, "in [defaults]", path)
    _check_options(limits, LIMITS, "in [limits]", path)
    out = path.parent / _text(content, "out", DEFAULT_OUT, path)
    jobs, found = [], []
    for entry in _entries(content.get("job"), path):
        own = {key: value for key, value in entry.items() if key != "name"}
        given = {**defaults, **own}
        flags = _flags({**given, **limits}, path.parent)
        if allow_unredacted:
            flags["allow_unredacted"] = True
        if "workspace" in content:
            flags["workspace"] = path.parent / _text(content, "workspace", "", path)
        settings = _resolved(flags, entry["name"], path)
        workspace = _workspace(settings, path.parent)
        places = {"out": out / entry["name"], "workspace": workspace / JOBS_FOLDER / entry["name"]}
        sources = tuple(str(path.parent / Path(source).expanduser()) for source in entry["sources"])
        options = settings.values.model_copy(update=places)
        jobs.append(Job(name=entry["name"], sources=sources, options=options, given=given))
        found.append(settings)
    return JobFile(
        path=path,
        title=_text(content, "title", f"Reports of {path.name}", path),
        out=out,
        workspace=_workspace(found[0], path.parent),
        jobs=tuple(jobs),
        unknown_variables=found[0].unknown_variables,
    )


def check_places(job_file: JobFile, jobs: Iterable[Job]) -> None:
    """Nothing, when every file these jobs name is there and none of them would read the batch's own results.

    Raises:
        InputError: naming the job and the key of what is missing.
        UsageError: when a job's source folder holds the folder of the results.
    """
    for job in jobs:
        places = [("sources", Path(source)) for source in job.sources] + list(job.files.items())
        for key, place in places:
            if not place.exists():
                raise InputError(
                    f"job {job.name!r}: {key} names {place}, which does not exist",
                    where=f"{job_file.path}, job {job.name!r}, {key}",
                    mend=f"paths start from the folder of the job file ({job_file.path.parent}); correct the path",
                )
        for source in job.sources:
            for key, folder in (("out", job_file.out), ("workspace", job_file.workspace)):
                if _would_read(Path(source), folder):
                    raise UsageError(
                        f"job {job.name!r}: its source {source} holds the batch's own {key} folder, "
                        "which would be read as documents of customers",
                        where=f"{job_file.path}, {key} = {folder}",
                        mend=f"name the files of the job, or another {key} folder",
                    )


def choose_jobs(job_file: JobFile, only: Iterable[str]) -> tuple[Job, ...]:
    """The jobs of these names in the order of the file; all where no name is given.

    Raises:
        UsageError: when there is no job of such a name.
    """
    wanted = list(dict.fromkeys(only))
    there = [job.name for job in job_file.jobs]
    for name in wanted:
        if name not in there:
            raise UsageError(
                f"there is no job {name!r}", where=str(job_file.path), mend=f"the jobs are {', '.join(there)}"
            )
    return tuple(job for job in job_file.jobs if not wanted or job.name in wanted)


def fingerprint_of(job: Job, folder: Path) -> str:
    """A key of everything a job's results depend on: bytes of its files, options, version of the program.

    Args:
        job: whose key it is.
        folder: of the job file; names in the key are relative to it, so that it is the same wherever the batch lies.

    Raises:
        InputError: when a file cannot be read.
    """
    from retrieval.loading.files import list_files

    tables = [str(path) for key, path in job.files.items() if key != "schema"]
    files = [file.path for file in list_files(job.sources, exclude=tables, progress=Silent()) if file.path is not None]
    try:
        inputs = {os.path.relpath(path, folder): sha256_file(path) for path in files}
        named = {key: sha256_file(path) for key, path in job.files.items()}
    except OSError as error:
        raise InputError(
            f"cannot read an input: {error.strerror or error}", where=str(error.filename), mend="check your permissions"
        ) from error
    options = job.options.model_dump(mode="json", exclude={*NOT_OF_THE_RESULT, "allow_unredacted"})
    given = {name: job.given[key_name(name)] for name in options if key_name(name) in job.given}
    return sha256_json({"inputs": inputs, "named": named, "options": {**options, **given}, "version": tool_version()})


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"the job file cannot be read: {reason}",
            where=str(path),
            mend="name a TOML file in UTF-8; see docs/batch.md",
        ) from error


def _table(value: object, name: str, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{name} is not a table", where=str(path), mend=f"write a line {name} with keys below it")
    return value


def _text(content: Mapping[str, Any], key: str, default: str, path: Path) -> str:
    value = content.get(key, default)
    if not isinstance(value, str) or (not value.strip() and key in content):
        raise UsageError(
            f"{key} = {value!r} is not a text", where=f"{path}, {key}", mend=f'write {key} = "..." between quotes'
        )
    return str(Path(value).expanduser()) if key in {"out", "workspace"} else value


def _entries(value: object, path: Path) -> list[dict[str, Any]]:
    """The [[job]] tables, each with a name and sources that are right."""
    if not isinstance(value, list) or not value:
        raise UsageError("there is no job", where=str(path), mend="add a [[job]] with `name` and `sources`")
    seen: dict[str, str] = {}
    for number, entry in enumerate(value, start=1):
        entry = _table(entry, "[[job]]", path)
        name = _checked_name(entry.get("name"), number, path)
        # Folders of names that differ in case or composition only are one folder on many machines.
        twin = seen.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if number > len(seen):
            raise UsageError(
                f"two jobs are called {name!r}" if twin == name else f"the jobs {twin!r} and {name!r} share a folder",
                where=f"{path}, job {name!r}, name",
                mend="give each job a name of its own",
            )
        place = f"in job {name!r}"
        _check_options({key: v for key, v in entry.items() if key not in {"name", "sources"}}, JOB_KEYS, place, path)
        _check_sources(entry.get("sources"), name, path)
    return list(value)


def _checked_name(name: object, number: int, path: Path) -> str:
    if (
        isinstance(name, str)
        and name[:1].isalnum()
        and all(letter.isalnum() or letter in "._-" for letter in name)
        and not name.endswith(".")
        and len(name) <= _LONGEST_NAME
        and len(name.encode()) <= 3 * _LONGEST_NAME
        and name.casefold() not in _RESERVED
        and name.partition(".")[0].casefold() not in _RESERVED
    ):
        return name
    raise UsageError(
        f"job {number} has no name" if name is None else f"job {number}: name = {name!r} cannot be a folder's name",
        where=f"{path}, [[job]] number {number}, name",
        mend=f"letters, digits, '.', '_' and '-', a letter or digit first, at most {_LONGEST_NAME}; "
        "`title` is for what stands on the report",
    )


def _check_sources(sources: object, name: str, path: Path) -> None:
    right = isinstance(sources, list) and sources and all(isinstance(source, str) and source for source in sources)
    if not right or (isinstance(sources, list) and "-" in sources):
        told = "has no sources" if sources is None else f"sources = {sources!r} is not a list of files and folders"
        raise UsageError(
            f"job {name!r} {told}" if sources is None else f"job {name!r}: {told}",
            where=f"{path}, job {name!r}, sources",
            mend='write sources = ["reviews.csv"]; paths start from the folder of the job file; '
            "a batch reads no standard input",
        )


def _check_options(table: Mapping[str, Any], allowed: Iterable[str], place: str, path: Path) -> None:
    _check_keys(table, tuple(allowed), place, path)
    for key, value in table.items():
        try:
            GenerateOptions.model_validate({_FIELDS[key]: value})
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
            raise UsageError(
                f"{place}: {key} = {value!r} does not fit: {fault}",
                where=f"{path}, {place.removeprefix('in ')}, {key}",
                mend="`personas generate --help` lists what each option takes",
            ) from error


def _check_keys(table: Mapping[str, Any], allowed: tuple[str, ...], place: str, path: Path) -> None:
    unknown = sorted(set(table) - set(allowed))
    if not unknown:
        return
    hint = ""
    if shared := [key for key in unknown if key in LIMITS]:
        hint = f"{', '.join(shared)} hold for all jobs together and stand in [limits]; "
    elif places := [key for key in unknown if key in {"out", "workspace"}]:
        hint = f"{', '.join(places)} stand at the top level, and each job gets a folder below; "
    elif asked := [key for key in unknown if key in FLAGS_ONLY]:
        hint = f"{', '.join(asked)} cannot be set in a file, it has to be asked for each time; "
    raise UsageError(
        f"unknown {place}: {', '.join(unknown)}",
        where=f"{path}, {place.removeprefix('in ').removeprefix('at ')}, {unknown[0]}",
        mend=f"{hint}allowed {place}: {', '.join(allowed)}",
    )


def _flags(given: Mapping[str, Any], folder: Path) -> dict[str, object]:
    """Options by field, the files among them from the folder of the job file."""
    flags: dict[str, object] = {_FIELDS[key]: value for key, value in given.items() if key != "sources"}
    for name in _FILE_OPTIONS:
        value = flags.get(name)
        if isinstance(value, str) and (name != "schema_ref" or value.endswith(".toml")):
            flags[name] = str(folder / Path(value).expanduser())
    for name in ("llm", "embedder"):
        kind, _, place = str(flags.get(name, "")).partition(":")
        if kind in _ENGINES_WITH_FILES and place and (folder / place).exists():
            flags[name] = f"{kind}:{folder / place}"
    return flags


def _resolved(flags: Mapping[str, object], name: str, path: Path) -> Settings[GenerateOptions]:
    try:
        return resolve_options(flags)
    except PersonaKitError as error:
        where = f"{path}, job {name!r}" + (f": {error.where}" if error.where else "")
        raise type(error)(f"job {name!r}: {error.what}", where=where, mend=error.mend) from error


def _workspace(settings: Settings[GenerateOptions], folder: Path) -> Path:
    """The root of the workspaces; the default one lies beside the job file, like everything it names."""
    workspace = settings.values.workspace
    return folder / workspace if settings.origin("workspace").origin == "default" else workspace


def _would_read(source: Path, folder: Path) -> bool:
    """Whether reading the source would walk into the folder: hidden folders are left out."""
    source, folder = source.resolve(), folder.resolve()
    if not folder.is_relative_to(source):
        return False
    return not any(part.startswith((".", "__")) for part in folder.relative_to(source).parts)
