"""One at a time: while a model is built, torch and accelerate redirect the modules of the whole process.

Threads that build models at the same moment (visitors of a page, each with a plan of their own) would otherwise leave
each other's parameters on the meta device, for good.
"""

from __future__ import annotations

import threading

BUILDING = threading.RLock()
