"""The command line."""
import sys


def main():
    """Each command loads what it needs: a test gives orders by the thousand."""
    verb, words = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("--help", [])
    if verb == "serve":
        from .serve import main_serve
        main_serve(words)
    elif verb == "ctl":
        from .client import main_ctl
        main_ctl(words)
    elif verb == "selftest":
        from .selftest import selftest
        sys.exit(selftest())
    elif verb == "switches":
        from .switches import switches_text
        print(switches_text())
    elif verb in ("--help", "-h", "help"):
        from .help import help_text
        from .platforms import FAULTS, VERBS
        print(help_text(VERBS, FAULTS))
    else:
        sys.exit(f"xbb_sim: unknown command {verb}")
