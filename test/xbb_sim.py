#!/usr/bin/env python3
"""The simulator of the XBB open API: test/sim/, which this starts.  --help says what it can do."""
import os
import sys

sys.dont_write_bytecode = True      # the tree may be another user's
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from sim.command import main  # noqa: E402

if __name__ == "__main__":
    main()
