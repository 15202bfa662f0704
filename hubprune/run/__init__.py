"""A run: recipe in, events out, report at the end. Nothing here knows a terminal or a web page.

    examine.py   headers -> can it be pruned as asked?         (`plan` ends here)
    prepare.py   what `prune` needs, fetched ahead, for a GPU that is lent by the minute
    prune.py     pull -> text -> walk -> measure -> write      -> Report
    push.py      prune into a folder of its own -> publish     -> (Report, Published)
    evaluate.py  two checkpoints on the same windows           -> Report
    speed.py     two models side by side, tokens per second -> Speed
    compare.py   two checkpoints on the same prompts           -> Comparison
    clock.py     stages and their times; the facts of the machine
    record.py    what the walk measured -> Report

Each run is a generator of events (hubprune.events) that returns its result; closing it cancels the run.
"""

from hubprune.run.evaluate import evaluate
from hubprune.run.prepare import prepare
from hubprune.run.prune import prune
from hubprune.run.push import publish, push

__all__ = ["evaluate", "prepare", "prune", "publish", "push"]
