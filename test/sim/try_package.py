"""Selftest: the package's files are those of the list in its header, and import only what stands above them."""
import ast
import os
import re
import sys

PACKAGE = sys.modules[__package__]
PREFIXES = ("xbb", "target")             # of the platforms


def imports(path):
    """The package's files that a file imports, at its top or within a function; any other way in as it is written."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            if node.level == 1:
                yield from [node.module] if node.module else names
            elif node.level or node.module.partition(".")[0] == __package__:
                yield "." * node.level + (node.module or "")
            if "*" in names:
                yield "*"
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] == __package__)


def listed():
    """The files in the order of the header, where a line begins with a name, or with several and commas between."""
    text = PACKAGE.__doc__.partition("Where does it go?")[0]
    return [name for line in re.findall(r"^    (\w+(?:, \w+)*)(?:  |$)", text, re.M) for name in line.split(", ")]


def platform_of(name):
    return next((p for p in PREFIXES if name == p or name.startswith(p + "_")), None)


def try_package(tap):
    order, folder = listed(), os.path.dirname(PACKAGE.__file__)
    files = [name[:-3] for name in os.listdir(folder) if name.endswith(".py") and name != "__init__.py"]
    wrong = [f"{name} is not once in the list" for name in {*files, *order}
             if (files.count(name), order.count(name)) != (1, 1)]
    for place, name in enumerate(order):
        for used in imports(os.path.join(folder, name + ".py")) if name in files else ():
            if used not in order[:place]:
                wrong.append(f"{name} imports {used}")
            elif "platforms" in order[place + 1:] and platform_of(used) not in (None, platform_of(name)):
                wrong.append(f"{name} imports {used}, which is a platform's")
    tap.ok(not wrong, "imports go one way", *sorted(wrong))
