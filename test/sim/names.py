"""Names that people type, and what they are told when one makes no sense.

A Table is a registry: verbs of the control, faults and endpoints each have
one.  What is new registers itself by a decorator and is found by its name.
"""
import difflib


class Refused(Exception):
    """A control command that makes no sense; its text is for the person who typed it."""


class NotYet(Exception):
    """A control command whose answer is not known yet: (seconds to wait for it, what to say if it never is)."""


def nearest(name, names):
    near = difflib.get_close_matches(name, names, 1)
    return f"; did you mean {near[0]}?" if near else ""


class Table(dict):
    """Name -> function; a function's docstring is its line in the help."""

    def __call__(self, *names):
        def register(function):
            self.update(dict.fromkeys(names, function))
            return function
        return register
