"""What the runner itself takes for a case, beside the model: replayed answers, scoring apart.

python -m benchmarks.eval_overhead [--suite claim.small] [--rounds 5]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

from eval.running import RunRequest, run_request
from eval.scoring import score_run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", default="claim.small")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    running, scoring, calls = [], [], 0
    for _ in range(given.rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            began = time.process_time()
            (run,) = run_request(RunRequest(suites=[given.suite], mode="replay", out=Path(folder)))
            ran = time.process_time()
            score_run(run.path)
            running.append(1000 * (ran - began))
            scoring.append(1000 * (time.process_time() - ran))
            calls = len(run.records)
    # The first round loads what Python imports and jieba's dictionary.
    ran_ms, scored_ms = median(running[1:]) / calls, median(scoring[1:]) / calls
    print(f"{calls} calls: {ran_ms:.2f} ms to run, {scored_ms:.2f} ms to score a call")
    print(f"the first round: {running[0] / 1000:.1f} s and {scoring[0] / 1000:.1f} s")


if __name__ == "__main__":
    main()
