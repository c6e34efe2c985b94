"""From file to report on Banking77, against BERTopic's whole process on the same machine in the same run.

    python -m benchmarks.banking77 DATA_FOLDER --bertopic-python PATH_TO_A_PYTHON_THAT_HAS_BERTOPIC [--runs 3]

DATA_FOLDER holds train.csv and test.csv of PolyAI's Banking77 (13,083 rows). BERTopic 0.17.4 needs an environment of
its own (umap-learn, hdbscan, pandas, plotly, wordllama); it is given the same wordllama vectors that we use.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BERTOPIC_SCRIPT = """
import csv, os, sys
import numpy as np
files = [open(f"{sys.argv[1]}/{name}.csv", encoding="utf-8") for name in ("train", "test")]
texts = [row["text"] for file in files for row in csv.DictReader(file)]
import wordllama
from wordllama import WordLlama
model = WordLlama.load(cache_dir=os.path.dirname(wordllama.__file__), disable_download=True)
vectors = np.nan_to_num(model.embed(texts, norm=True))
from bertopic import BERTopic
topics, _ = BERTopic().fit_transform(texts, embeddings=vectors)
print(len(texts), "texts,", len(set(topics)), "topics,", sum(topic == -1 for topic in topics), "outliers")
"""


def time_command(command: list[str], cwd: Path) -> tuple[float, str]:
    """Seconds of the whole process, and the last line it printed."""
    # As installed: what is not compiled to bytecode once would be compiled in every run.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=cwd, env=environment, check=True, capture_output=True, text=True, encoding="utf-8"
    )
    return time.perf_counter() - started, (done.stdout.strip() or done.stderr.strip()).splitlines()[-1]


def time_personas(data: Path, folder: Path) -> float:
    """Seconds from file to report, nothing computed before."""
    for name in ("out", "workspace"):
        shutil.rmtree(folder / name, ignore_errors=True)
    sources = [str(data / "train.csv"), str(data / "test.csv")]
    options = ["--llm", "extractive", "--out", str(folder / "out"), "--workspace", str(folder / "workspace")]
    return time_command([sys.executable, "-m", "personas", "generate", *sources, *options], folder)[0]


def main() -> None:
    """Runs the two in turns and prints the ratio of their medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--bertopic-python", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(arguments.runs):
            ours.append(time_personas(arguments.data.absolute(), folder))
            print(f"personas {ours[-1]:.1f} s", flush=True)
            if arguments.bertopic_python is not None:
                command = [
                    str(arguments.bertopic_python.absolute()),
                    "-c",
                    BERTOPIC_SCRIPT,
                    str(arguments.data.absolute()),
                ]
                seconds, said = time_command(command, folder)
                theirs.append(seconds)
                print(f"BERTopic {seconds:.1f} s ({said})", flush=True)
    print(f"personas: median {statistics.median(ours):.1f} s of {len(ours)}")
    if theirs:
        ratio = statistics.median(ours) / statistics.median(theirs)
        print(f"BERTopic: median {statistics.median(theirs):.1f} s; ratio {ratio:.3f}")
    peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest process: {peak_mib:.0f} MiB")


if __name__ == "__main__":
    main()
