"""One at a time: while a model is built, torch and accelerate redirect the modules of the whole process.

Threads that build models at the same moment (visitors of a page, each with a plan or a run of their own) would
otherwise leave each other's parameters on the meta device, for good. A process that forks meanwhile would take the
redirected modules along, so a fork waits for the end of the building too.
"""

from __future__ import annotations

import os
import threading

BUILDING = threading.RLock()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=BUILDING.acquire, after_in_parent=BUILDING.release, after_in_child=BUILDING.release)
