"""Language to text to token windows.

gather.py         recipe -> Texts: everything below, in order, as a generator of events
  choose.py       which source serves which language in which use
  specs.py        how a source is written: auto, demo, self, a path, a data set of the Hub
  folders.py      files and folders of this machine: their languages and splits
    files.py      the documents of one txt, jsonl, json or parquet file
  datasets_hub.py data sets of the Hub, streamed
  own.py          text that the model itself writes; kept.py stores it for a replay
  documents.py    one document: its digest, the use it is dealt to
  windows.py      documents -> windows; tokens.py: one document -> token ids and bytes
texts.py          what comes out
"""

from __future__ import annotations

from hubprune.calibration.gather import gather
from hubprune.calibration.kept import KEPT_FILE, load_kept, save_kept
from hubprune.calibration.specs import writes_itself
from hubprune.calibration.texts import Texts, TextWindows

__all__ = ["KEPT_FILE", "TextWindows", "Texts", "gather", "load_kept", "save_kept", "writes_itself"]
