"""Mutants of C sources: small mechanical changes of their text.

A tokenizer and a parser of statements, no more of C than this code needs; what
it takes wrongly does not build, and does not count.  Not changed are comments,
preprocessor lines, declarations without their initialisers, sizes of arrays and
allocations, and Assert and elog, which by convention tell what cannot happen.

A mutant's name is made of its file, function, operator and line of text, so that
edits elsewhere do not rename it.
"""
import difflib
import hashlib
import os
import re

OPERATORS = {
    "compare": "a comparison turned: < to <= and to >=, == to !=",
    "logic": "&& to ||, || to &&",
    "not": "! dropped",
    "call": "a call dropped that is a statement",
    "copy": "a copy or a change of memory context dropped",
    "off-by-one": "+ 1, - 1, ++ or -- dropped, 0 and 1 swapped",
    "branch": "the condition of if, while or ?: made false or true",
    "return": "the bool that is returned turned",
    "bool": "true and false swapped elsewhere",
    "jump": "break or continue dropped",
    "case": "a case dropped",
    "assign": "an assignment dropped",
    "compound": "+= and its kin made =",
    "field": "an initialiser of a field dropped",
}

TOKEN = re.compile(r"""
    (?P<skip>\s+|/\*.*?\*/|//[^\n]*)
  | (?P<directive>\#(?:[^\n\\]|\\.)*)
  | (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<char>'(?:[^'\\]|\\.)*')
  | (?P<word>[A-Za-z_]\w*)
  | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<op><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.X | re.S)

PAIRS = {"(": ")", "[": "]", "{": "}"}
COMPARE = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",)}
LOGIC = {"&&": "||", "||": "&&"}
COMPOUND = {"+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=", "<<=", ">>="}
TYPE_WORDS = {"const", "static", "struct", "enum", "union", "unsigned", "signed", "int", "char", "bool", "double",
              "float", "long", "short", "volatile", "void"}
# the argument that is copied
COPIES = {"datumCopy": 0, "pstrdup": 0, "pnstrdup": 0, "list_copy": 0, "list_copy_deep": 0, "list_concat_copy": 0,
          "bms_copy": 0, "copyObject": 0, "MemoryContextStrdup": 1, "CreateTupleDescCopy": 0,
          "CreateTupleDescCopyConstr": 0}
ALLOCATIONS = {"palloc", "palloc0", "palloc_extended", "repalloc", "repalloc_huge", "MemoryContextAlloc",
               "MemoryContextAllocZero", "MemoryContextAllocHuge", "sizeof"}
INTERNAL = {"Assert", "AssertMacro", "StaticAssertStmt", "elog"}


class Token:
    def __init__(self, kind, text, start):
        self.kind, self.text, self.start, self.end = kind, text, start, start + len(text)
        self.partner = None         # index of the other bracket


class Mutant:
    def __init__(self, source, function, operator, start, end, text):
        self.source, self.function, self.operator = source, function, operator
        self.start, self.end = start, end
        # the lines keep their numbers, which the code may contain
        self.text = text + "\n" * (source.text.count("\n", start, end) - text.count("\n"))
        self.name = None

    def apply(self):
        return self.source.text[:self.start] + self.text + self.source.text[self.end:]

    def key(self):
        begin = self.source.text.rfind("\n", 0, self.start) + 1
        line = self.source.text[begin:self.source.text.find("\n", self.start)]
        column = self.start - begin - (len(line) - len(line.lstrip()))
        parts = (line.strip(), str(column), self.source.text[self.start:self.end], self.text)
        digest = hashlib.sha1("\0".join(" ".join(part.split()) for part in parts).encode()).hexdigest()
        return f"{os.path.basename(self.source.file)}:{self.function}:{self.operator}:{digest[:6]}"

    def diff(self):
        return "".join(difflib.unified_diff(self.source.text.splitlines(True), self.apply().splitlines(True),
                                            f"a/{self.source.file}", f"b/{self.source.file}", n=2))


class Source:
    """The mutants of one file."""

    def __init__(self, file, text):
        self.file, self.text, self.mutants = file, text, []     # its path in the tree
        self.function, self.returns_bool = None, False
        self.tokens = [Token(match.lastgroup, match.group(), match.start()) for match in TOKEN.finditer(text)
                       if match.lastgroup not in ("skip", "directive")]
        self.tokens.append(Token("end", "", len(text)))
        self.pair_brackets()
        self.walk_file()
        self.name_mutants()

    def pair_brackets(self):
        stack = []
        for i, token in enumerate(self.tokens):
            if token.kind == "op" and token.text in PAIRS:
                stack.append(i)
            elif token.kind == "op" and stack and token.text == PAIRS[self.tokens[stack[-1]].text]:
                token.partner = stack.pop()
                self.tokens[token.partner].partner = i
        if stack:
            raise ValueError(f"{self.file}: brackets without partners")

    def name_mutants(self):
        seen = {}
        for mutant in self.mutants:
            key = mutant.key()
            seen[key] = seen.get(key, 0) + 1
            mutant.name = key if seen[key] == 1 else f"{key}-{seen[key]}"

    def add(self, operator, start, end, text):
        """A mutant with the tokens from start to before end replaced."""
        self.mutants.append(Mutant(self, self.function, operator, self.tokens[start].start,
                                   self.tokens[end - 1].end, text))

    def at(self, i):
        return self.tokens[i].text

    def original(self, start, end):
        return self.text[self.tokens[start].start:self.tokens[end - 1].end] if start < end else ""

    def skip(self, i):
        """The token after this one or, for an opening bracket, after its partner."""
        token = self.tokens[i]
        return (token.partner if token.partner is not None and token.partner > i else i) + 1

    def find(self, i, end, *texts):
        """The first of these tokens outside of brackets, from i to before end; else end."""
        while i < end and not (self.tokens[i].kind == "op" and self.at(i) in texts):
            i = self.skip(i)
        return min(i, end)

    # ---- files ----

    def walk_file(self):
        begin = i = 0
        while self.tokens[i].kind != "end":
            if self.at(i) == "{" and self.at(i - 1) == ")":
                name = self.tokens[i - 1].partner - 1
                self.function = self.at(name)
                words = [token.text for token in self.tokens[begin:name]]
                self.returns_bool = "bool" in words and "*" not in words
                self.block(i)
                begin = i = self.skip(i)
            elif self.at(i) == "{" and self.at(i - 1) == "=":
                self.function = next(self.at(j) for j in range(i - 2, begin, -1)
                                     if self.tokens[j].kind == "word" and self.at(j + 1) in ("[", "="))
                self.braces(i)
                i = self.skip(i)
            else:
                begin = i + 1 if self.at(i) == ";" else begin
                i = self.skip(i)

    # ---- statements ----

    def block(self, i, inside=None):
        end = self.tokens[i].partner
        i += 1
        while i < end:
            i = self.statement(i, inside)

    def statement(self, i, inside=None):
        """Makes the mutants of a statement; returns where the next begins.  inside: what break would leave."""
        text = self.at(i)
        if text == "{":
            self.block(i, inside)
            return self.skip(i)
        if text == ";":
            return i + 1
        if text in ("if", "while", "switch"):
            return self.conditional(i, inside)
        if text == "for":
            return self.loop(i)
        if text == "do":
            i = self.statement(i + 1, "loop")
            self.condition(i + 1)
            return self.skip(i + 1) + 1
        if text == "case":
            end = self.find(i, len(self.tokens), ":") + 1
            self.add("case", i, end, "")
            return end
        if text == "default" or self.at(i + 1) == ":":
            return i + 2
        end = self.find(i, len(self.tokens), ";")
        if text in ("break", "continue"):
            # the last statement of its switch or loop
            if not (self.at(end + 1) == "}" and inside == ("switch" if text == "break" else "loop") and
                    self.closes(end + 1, inside)):
                self.add("jump", i, end, "")
        elif text == "return":
            self.returned(i + 1, end)
        elif text == "goto":
            pass
        elif self.is_macro_loop(i):
            return self.statement(self.skip(i + 1), "loop")
        elif self.is_declaration(i):
            self.declaration(i, end)
        else:
            self.expression_statement(i, end)
        return end + 1

    def closes(self, i, inside):
        """Is this the closing bracket of a switch's or a loop's own body?"""
        begin = self.tokens[i].partner
        if self.at(begin - 1) != ")":
            return False
        word = self.at(self.tokens[begin - 1].partner - 1)
        return word == "switch" if inside == "switch" else word not in ("if", "switch")

    def conditional(self, i, inside):
        keyword = self.at(i)
        body = self.skip(i + 1)
        if keyword == "switch":
            self.expression(i + 2, body - 1)
            return self.statement(body, "switch")
        self.condition(i + 1, keyword == "if")
        i = self.statement(body, inside if keyword == "if" else "loop")
        if keyword == "if" and self.at(i) == "else":
            i = self.statement(i + 1, inside)
        return i

    def condition(self, i, may_be_true=True):
        """A condition in brackets, the opening one at i."""
        end = self.tokens[i].partner
        inner = self.original(i + 1, end)
        self.add("branch", i + 1, end, f"false && ({inner})")
        if may_be_true:
            self.add("branch", i + 1, end, f"true || ({inner})")
        self.expression(i + 1, end)

    def loop(self, i):
        end = self.tokens[i + 1].partner
        first = self.find(i + 2, end, ";")
        second = self.find(first + 1, end, ";")
        if self.is_declaration(i + 2):
            self.declaration(i + 2, first)
        else:
            self.expression(i + 2, first)
        self.expression(first + 1, second)
        return self.statement(end + 1, "loop")

    def is_macro_loop(self, i):
        """foreach and its kin: a call, and a statement right behind it."""
        if self.tokens[i].kind != "word" or self.at(i + 1) != "(":
            return False
        behind = self.tokens[self.skip(i + 1)]
        return behind.kind == "word" or behind.text == "{"

    def is_declaration(self, i):
        if self.at(i) in TYPE_WORDS:
            return True
        if self.tokens[i].kind != "word":
            return False
        stars = i + 1
        while self.at(stars) in ("*", "const"):
            stars += 1
        return self.tokens[stars].kind == "word" and (stars > i + 1 or self.tokens[i + 1].kind == "word")

    def declaration(self, i, end):
        while (i := self.find(i, end, "=")) < end:
            value_end = self.find(i + 1, end, ",")
            self.value(i + 1, value_end)
            i = value_end

    def value(self, i, end, literals=True):
        """What initialises a variable or a field."""
        if self.at(i) == "{":
            self.braces(i)
        else:
            self.expression(i, end, literals)

    def braces(self, i):
        end = self.tokens[i].partner
        i += 1
        while i < end:
            item_end = self.find(i, end, ",")
            assign = self.find(i, item_end, "=")
            if self.at(i) == "." and assign < item_end:
                self.add("field", i, min(item_end + 1, end), "")
                self.value(assign + 1, item_end, False)
            else:
                self.value(i, item_end, False)
            i = item_end + 1

    def returned(self, i, end):
        if i == end:
            return
        if self.returns_bool:
            swapped = {"true": "false", "false": "true"}.get(self.original(i, end))
            self.add("return", i, end, swapped or f"!({self.original(i, end)})")
            if swapped:
                return
        self.expression(i, end)

    def expression_statement(self, i, end):
        if self.at(i) in INTERNAL:
            return
        assign = self.find(i, end, "=", *COMPOUND)
        last = end - 1
        if assign < end:
            if self.at(assign) != "=":
                self.add("compound", assign, assign + 1, "=")
            self.add("assign", i, end, "")
        elif self.at(i) in ("++", "--") or self.at(last) in ("++", "--"):
            self.add("off-by-one", i, end, "")
            return
        elif self.at(last) == ")" and self.tokens[self.tokens[last].partner - 1].kind == "word":
            self.add("call", i, end, "")
        self.expression(i, end)

    # ---- expressions ----

    def expression(self, i, end, literals=True):
        begin = i
        while i < end:
            token = self.tokens[i]
            if token.kind == "word" and token.text in INTERNAL:
                i = self.skip(i + 1)
                continue
            if token.kind == "word" and self.at(i + 1) == "(" and token.text in ALLOCATIONS:
                self.expression(i + 2, self.tokens[i + 1].partner, None)
                i = self.skip(i + 1)
                continue
            if token.kind == "op" and token.text == "{":
                self.braces(i)
                i = self.skip(i)
                continue
            if token.kind == "op":
                i = self.operator(i, begin, end, literals)
                continue
            if token.kind == "word":
                self.word(i)
            elif literals and token.kind == "number" and token.text in ("0", "1"):
                self.add("off-by-one", i, i + 1, str(1 - int(token.text)))
            i += 1

    def word(self, i):
        text = self.at(i)
        if text in ("true", "false"):
            self.add("bool", i, i + 1, "false" if text == "true" else "true")
        elif text == "MemoryContextSwitchTo" and self.at(i - 1) == "=":
            self.add("copy", i, self.skip(i + 1), "CurrentMemoryContext")
        elif text in COPIES and self.at(i + 1) == "(":
            close = self.tokens[i + 1].partner
            argument = i + 2
            for _ in range(COPIES[text]):
                argument = self.find(argument, close, ",") + 1
            original = self.original(argument, self.find(argument, close, ","))
            self.add("copy", i, close + 1, f"({original})")

    def operator(self, i, begin, end, literals):
        """Mutants of an operator in the expression from begin to before end; returns where to go on."""
        text = self.at(i)
        for other in COMPARE.get(text, ()):
            self.add("compare", i, i + 1, other)
        before = self.tokens[i - 1]
        follows_operand = i > begin and (before.kind in ("word", "number") or before.text in (")", "]"))
        if text in LOGIC:
            self.add("logic", i, i + 1, LOGIC[text])
        elif text == "!":
            self.add("not", i, i + 1, "")
        elif text in ("++", "--") and literals is not None:
            self.add("off-by-one", i, i + 1, "")
        elif text in ("+", "-") and follows_operand and self.at(i + 1) == "1":
            if literals is not None:
                self.add("off-by-one", i, i + 2, "")
            return i + 2
        elif text == "?":
            start = self.condition_start(i, begin)
            inner = self.original(start, i)
            self.add("branch", start, i, f"(false && ({inner}))")
            self.add("branch", start, i, f"(true || ({inner}))")
        return i + 1

    def condition_start(self, i, begin):
        """Where the condition of the ? at i begins."""
        i -= 1
        while i >= begin:
            token = self.tokens[i]
            if token.kind == "op" and token.text in (")", "]", "}"):
                i = token.partner
            elif token.text in ("(", "[", "{", ",", "=", "?", ":") or token.text in COMPOUND:
                return i + 1
            i -= 1
        return begin
