"""Scores of ranked lists by ranx, an independent library, computed in a separate process.

Compiling the metrics of ranx takes half a minute. NUMBA_DISABLE_JIT, set before the import, keeps
them plain Python, which is fast enough for some hundred lists.
"""

import json
import os
import subprocess
import sys


def ranx_scores(groups):
    """Metrics of the lists of some groups.

    Parameters
    ----------
    groups : list of dict
        ``lists``, the items of each list, best first; ``relevant``, the relevant items of each
        list's user; ``metrics``, in ranx's own names, such as ``ndcg@10``. Items and names of
        lists are strings.

    Returns
    -------
    list of dict of dict of float
        For each group, by metric and list.
    """
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps(groups),
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def main():
    from ranx import Qrels, Run, evaluate

    scores = []
    for group in json.load(sys.stdin):
        # ranx skips users without judgements, so they get an item judged irrelevant.
        judged = {
            name: dict.fromkeys(items, 1) or {"none": 0}
            for name, items in group["relevant"].items()
        }
        scored = {
            name: {item: float(-place) for place, item in enumerate(items)}
            for name, items in group["lists"].items()
        }
        run = Run(scored)
        evaluate(Qrels(judged), run, group["metrics"], make_comparable=True)
        scores.append(run.scores)
    json.dump(scores, sys.stdout)


if __name__ == "__main__":
    main()
