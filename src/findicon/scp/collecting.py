"""Python's collector of cycles, as a server that runs for months wants it."""

import gc

_ALLOCATIONS = 50_000


def collect_seldom() -> None:
    """Look for cycles of objects seldom, and never among those that are there now.

    A message is thousands of small objects without cycles, and the default (700) has the collector look again and again
    through all that was imported. For a process whose work is to serve, once everything is imported.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)
