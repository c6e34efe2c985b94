"""Writes vectors into Chroma in a process of its own, while the run goes on with what it has in memory.

Chroma holds Python's global lock while it adds vectors, so a thread would stop everything else; a process uses the
second core (docs/performance.md). The parent holds the workspace's lock and opens Chroma only after the writer ended.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from persona_kit.errors import OutputError, PersonaKitError
from retrieval.index import PassageIndex, drop_stale_fits

STOP_AFTER_S = 20.0
"""How long a writer that is told to stop may take to finish its batch before it is killed."""


@dataclass(frozen=True, kw_only=True)
class IndexPart:
    """The vectors of one space, as they belong into Chroma.

    Shapes: vectors (len(passage_ids), dimension) float32.
    """

    embedder: str
    fingerprint: str
    dimension: int
    passage_ids: Sequence[str]
    vectors: NDArray[np.float32]


def write_part(chroma_path: Path, part: IndexPart) -> tuple[PassageIndex, int, int]:
    """Makes Chroma hold exactly this part; the index, and how many passages were added and removed.

    Raises:
        OutputError: when Chroma cannot write, or its index belongs to another embedder.
    """
    index = PassageIndex.open(
        chroma_path, embedder=part.embedder, dimension=part.dimension, fingerprint=part.fingerprint
    )
    if part.embedder == "lsa":
        drop_stale_fits(chroma_path, keep=part.fingerprint)
    added, removed = index.sync(part.passage_ids, part.vectors)
    return index, added, removed


@dataclass
class BackgroundIndexing:
    """A writer to come: `start` it, `wait` before the run is called done, `stop` it when the run ends otherwise."""

    chroma_path: Path
    parts: Sequence[IndexPart]
    made: dict[str, int] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None
    _folder: Path | None = None

    def start(self) -> None:
        """Hands the parts to a new process, the first time it is called.

        Raises:
            OutputError: when they cannot be handed over.
        """
        if self._process is not None:
            return
        try:
            self._folder = _lay_out(self.parts, self.chroma_path.parent)
        except OSError as error:
            raise OutputError(
                f"the workspace cannot be written: {error.strerror or error}",
                where=str(self.chroma_path.parent),
                mend="check that the disk has room and the folder is yours",
            ) from error
        paths = [str(self.chroma_path.absolute()), str(self._folder.absolute())]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "retrieval.indexing", *paths],
            # The folder the rooms lie in: `-m` finds them there, installed or not.
            cwd=Path(__file__).resolve().parents[1],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def wait(self) -> dict[str, int]:
        """How many passages were added (`indexed`) and `removed`, once all are on disk; starts what is not started.

        Raises:
            OutputError: when Chroma could not write.
        """
        if self.made:
            return self.made
        self.start()
        assert self._process is not None
        said, complained = self._process.communicate()
        self._tidy()
        if self._process.returncode != 0:
            raise OutputError(
                "the vectors could not be written to the workspace",
                where=complained.strip()[-500:],
                mend="delete the workspace's folder chroma, which can be made again, and run once more",
            )
        self.made.update(json.loads(said))
        return self.made

    def stop(self) -> None:
        """Ends the writer if it is still at work; what it wrote stays, and the next run completes it."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            self._process.communicate(timeout=STOP_AFTER_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._tidy()

    def _tidy(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _lay_out(parts: Sequence[IndexPart], parent: Path) -> Path:
    """A folder with what the writer reads: a file of vectors and one of facts for each part."""
    folder = Path(tempfile.mkdtemp(prefix=".indexing-", dir=parent))
    for number, part in enumerate(parts):
        np.save(folder / f"{number}.npy", part.vectors, allow_pickle=False)
        facts = {
            "embedder": part.embedder,
            "fingerprint": part.fingerprint,
            "dimension": part.dimension,
            "passage_ids": list(part.passage_ids),
        }
        (folder / f"{number}.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


def _main(chroma_path: Path, folder: Path) -> int:
    """The writer: reads the parts, writes them, tells the counts on stdout."""
    made = {"indexed": 0, "removed": 0}
    for facts_path in sorted(folder.glob("*.json")):
        facts = json.loads(facts_path.read_text(encoding="utf-8"))
        vectors = np.load(facts_path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
        try:
            _, added, removed = write_part(chroma_path, IndexPart(vectors=vectors, **facts))
        except PersonaKitError as error:
            sys.stderr.write(error.message)
            return error.exit_code
        made["indexed"] += added
        made["removed"] += removed
    sys.stdout.write(json.dumps(made))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(_main(Path(sys.argv[1]), Path(sys.argv[2])))
    except KeyboardInterrupt:
        sys.exit(130)
