import subprocess
import sys

SCRIPT = """
import gc
from findicon.scp import collect_seldom
collect_seldom()
assert gc.isenabled()
assert gc.get_threshold()[0] > 10_000
assert gc.get_freeze_count() > len(gc.get_objects())
"""


def test_a_server_does_not_look_through_what_was_imported_again_and_again() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)
