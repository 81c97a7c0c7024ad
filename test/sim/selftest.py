"""The simulator tries itself; TAP."""
import os
import subprocess
import sys
import tempfile
import time

from .client import Client
from .probe import Probe, Tap
from .try_changes import try_changes, try_other_lists
from .try_conditions import try_comparisons, try_conditions
from .try_faults import try_faults
from .try_forms import try_forms
from .try_holds import try_holds
from .try_hostile import try_harm, try_records, try_repeats
from .try_lists import try_lists
from .try_manners import try_manners
from .try_package import try_package
from .try_targets import try_shapes, try_signatures, try_tokens
from .try_writes import try_writes

LAUNCHER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "xbb_sim.py")


def selftest():
    """Starts a server of its own and talks to it; TAP."""
    tap = Tap()
    with tempfile.TemporaryDirectory() as place:
        name = os.path.join(place, "port")
        process = subprocess.Popen([sys.executable, LAUNCHER, "serve", "--port-file", name])
        try:
            for _ in range(500):
                if os.path.exists(name):
                    break
                time.sleep(0.02)
            with open(name) as file:
                port = int(file.read())
            ctl, probe = Client(f"http://127.0.0.1:{port}"), Probe(port, "c1")
            ctl("c1", "create", products="730", width="30")
            everything = try_lists(tap, ctl, probe)
            try_conditions(tap, ctl, probe, everything)
            try_comparisons(tap, ctl, probe)
            try_changes(tap, ctl, probe)
            try_other_lists(tap, ctl, probe)
            try_forms(tap, ctl, probe)
            try_manners(tap, ctl, probe)
            try_faults(tap, ctl, probe)
            try_holds(tap, ctl, probe)
            try_writes(tap, ctl, probe)
            try_signatures(tap)
            try_shapes(tap, ctl, port)
            try_tokens(tap, ctl, port)
            try_records(tap, ctl, port)
            try_repeats(tap, ctl, port)
            try_harm(tap, ctl, port)
        finally:
            process.terminate()
            code = process.wait(10)
    tap.ok(code == 0, "SIGTERM ends it cleanly", code)
    try_package(tap)
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0
