"""What a workspace keeps of answers already paid for: looking at it, and removing what is no longer wanted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from persona_kit.errors import InputError, UsageError
from persona_kit.records import Record
from persona_kit.response_store import KINDS, Kind, KindStats, Pruned, ResponseStore
from persona_kit.workspace import Workspace
from personas.batch_jobs import JOBS_FOLDER
from personas.kept_runs import forget_kept

STORE = "responses.sqlite3"
LONGEST_DAYS = 36_500
MOST_MB = 10_000_000

WHAT_IT_COSTS: dict[Kind, str] = {
    "answer": "answers will be asked for again, and paid for again where the engine costs money",
    "vector": "vectors will be computed again, and paid for again where the embedder costs money",
    "fact": "facts about engines and model files will be found out again, with a small call or by reading the file",
    "failure": "what was cut, declined or did not fit its schema will be asked for again, and paid for again",
}


class Wanted(Record):
    """What to remove."""

    kinds: tuple[Kind, ...] = KINDS
    older_than: timedelta | None = None
    keep_bytes: int | None = None
    """Of each store."""

    @classmethod
    def of(cls, *, kind: str | None, older_than_days: float | None, keep_mb: float | None) -> Wanted:
        """What a user asks for.

        Raises:
            UsageError: when there is no such kind, an age is out of range, or nothing says what to remove.
        """
        if kind is None and older_than_days is None and keep_mb is None:
            raise UsageError(
                "nothing says what to remove",
                mend="add --older-than DAYS, --keep-mb MB or --kind; `--kind all` alone removes everything",
            )
        if kind not in {None, "all", *KINDS}:
            raise UsageError(
                f"there is no kind {kind!r}", where="--kind", mend=f"choose one of {', '.join(KINDS)}, all"
            )
        if older_than_days is not None and not older_than_days <= LONGEST_DAYS:
            raise UsageError(
                f"{older_than_days} days is no age", where="--older-than", mend=f"at most {LONGEST_DAYS:,} days"
            )
        if keep_mb is not None and not keep_mb <= MOST_MB:
            raise UsageError(f"{keep_mb} MB is no size", where="--keep-mb", mend=f"at most {MOST_MB:,} MB")
        return cls(
            kinds=tuple(one for one in KINDS if kind in {None, "all", one}),
            older_than=None if older_than_days is None else timedelta(days=older_than_days),
            keep_bytes=None if keep_mb is None else round(keep_mb * 1_000_000),
        )


class StoreReport(Record):
    """One store of a workspace."""

    path: Path
    bytes_on_disk: int
    """Of the file and its log."""
    kinds: tuple[KindStats, ...]


class PruneReport(Record):
    """What pruning a workspace removed, or would."""

    stores: int
    count: int
    bytes: int
    bytes_on_disk_before: int
    bytes_on_disk_after: int


def survey(workspace: Path) -> tuple[StoreReport, ...]:
    """Each store of the workspace: its own, and those of a batch's jobs. Safe beside a run that goes on.

    Raises:
        InputError: when there is no such workspace.
        OutputError: when a store cannot be opened.
    """
    reports = []
    for path in _stores(workspace):
        with ResponseStore(path) as store:
            kinds = store.stats()
        reports.append(StoreReport(path=path, bytes_on_disk=_on_disk(path), kinds=kinds))
    return tuple(reports)


def prune(workspace: Path, wanted: Wanted, *, dry_run: bool = False) -> PruneReport:
    """Removes from each store of the workspace, under the workspace's lock; see `ResponseStore.prune`.

    Args:
        workspace: the folder; a batch's has a workspace for each job below it, and all of them are pruned.
        wanted: what to remove.
        dry_run: only say what would be removed.

    Raises:
        InputError: when there is no such workspace.
        WorkspaceLocked: when a run goes on in it; nothing is removed then.
        OutputError: when a store cannot be opened.
    """
    stores = _stores(workspace)
    removed = Pruned(count=0, bytes=0)
    with ExitStack() as locks:
        # All locks before the first removal, so that a run under way leaves everything as it was.
        folders = dict.fromkeys([workspace, *(path.parent for path in stores)])
        held = {folder: locks.enter_context(Workspace.open(folder)) for folder in folders}
        before = sum(map(_on_disk, stores))
        for path in stores:
            with ResponseStore(path) as store:
                failures = store.count(kind="failure")
                done = store.prune(
                    kinds=wanted.kinds,
                    older_than=wanted.older_than,
                    keep_bytes=wanted.keep_bytes,
                    dry_run=dry_run,
                )
                if store.count(kind="failure") < failures:
                    # The results that were kept hold what was written in place of the failed answers.
                    forget_kept(held[path.parent].runs_path)
            removed = Pruned(count=removed.count + done.count, bytes=removed.bytes + done.bytes)
        after = sum(map(_on_disk, stores))
    return PruneReport(
        stores=len(stores),
        count=removed.count,
        bytes=removed.bytes,
        bytes_on_disk_before=before,
        bytes_on_disk_after=after,
    )


def tell_survey(workspace: Path, reports: Sequence[StoreReport]) -> list[str]:
    """The report for a terminal, a line each."""
    if not reports:
        return [f"{workspace} keeps no answers yet"]
    lines = []
    for report in reports:
        lines.append(f"{report.path}: {tell_bytes(report.bytes_on_disk)} on disk")
        for one in report.kinds:
            age = f", stored {_day(one.oldest)} to {_day(one.newest)}" if one.count else ""
            lines.append(f"  {one.kind + 's:':<9}{one.count:>8,}  {tell_bytes(one.bytes):>9}{age}")
    return [*lines, "if they are removed:", *(f"  {WHAT_IT_COSTS[kind]}" for kind in KINDS)]


def tell_plan(plan: PruneReport, wanted: Wanted) -> str:
    """What would be removed and what that costs, in a line."""
    values = "1 value" if plan.count == 1 else f"{plan.count:,} values"
    return f"this removes {values} ({tell_bytes(plan.bytes)}) for good: {_costs(wanted)}."


def tell_pruned(report: PruneReport, wanted: Wanted) -> list[str]:
    """What was done and what it costs, a line each."""
    if not report.count:
        return ["nothing to remove: no stored value fits"]
    freed = tell_bytes(max(report.bytes_on_disk_before - report.bytes_on_disk_after, 0))
    return [
        f"removed {report.count:,} values ({tell_bytes(report.bytes)}); the disk has {freed} more room",
        f"what was removed is gone: {_costs(wanted)}",
    ]


def _costs(wanted: Wanted) -> str:
    return "; ".join(WHAT_IT_COSTS[kind] for kind in wanted.kinds)


def tell_bytes(size: int) -> str:
    """A size as people read it."""
    if size < 1000:
        return f"{size} B"
    value = size / 1000
    for unit in ("kB", "MB"):
        if value < 999.95:
            return f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} GB"


def _stores(workspace: Path) -> list[Path]:
    if not workspace.is_dir():
        raise InputError(
            "there is no such workspace", where=str(workspace), mend="name it with --workspace, or set PERSONAS_HOME"
        )
    folders = [workspace, *sorted((workspace / JOBS_FOLDER).glob("*/"))]
    return [path for folder in folders if (path := folder / STORE).is_file()]


def _on_disk(path: Path) -> int:
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))


def _day(moment: str | None) -> str:
    return (moment or "")[:10]
