#!/usr/bin/env python3
"""The repository checks itself: sizes, widths, and what a domain may know of the world.

Prints each offence as FILE:LINE: WHAT, and fails if there is one.
"""
import ast
import doctest
import pathlib
import re
import subprocess
import sys

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
PROTO_LINES_MAX = 700  # What a file of the contract has promised must stay in it.
COLUMNS_MAX = 100
ARCHITECTURE_WORDS_MAX = 1500

CPP = {".cpp", ".h"}
SCRIPTS = {".js", ".mjs", ".ts"}
CODE = CPP | SCRIPTS | {".cmake", ".css", ".html", ".lua", ".proto", ".py", ".sh", ".sql"}
CODE_NAMES = {"CMakeLists.txt", "dev", "run"}

# What domain/ may include besides the standard library, Abseil and its own headers: what says
# nothing about a database, a wire or a process. Of the protos, why it refuses.
PURE_ROOMS = {"base", "text"}
REASONS = re.compile(r"gatehouse/\w+/v1/reasons\.pb\.h")

# The rooms of services/common and of the gateway, from the ground up: each includes only its own
# headers and those of rooms below it.
ROOMS = {"services/common": ("base", "text", "observe", "process", "redis", "postgres", "auth",
                             "rpc", "jobs", "settings", "service"),
         "services/gateway": ("json", "routes", "openapi", "http")}
DOMAIN = re.compile(r"(?P<service>services/\w+)(/\w+)?/domain/")
STANDARD = re.compile(r"<[a-z_0-9]+>")

# A path that exists on somebody's machine only.
MACHINE_PATH = re.compile(r"(?<![\w./~-])/(?:home|root|Users|work|srv|mnt)/[\w.]")

CPP_LITERAL = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^\s()\\]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![\w'])'(?:\\.|[^'\\\n])+'|^[ \t]*#(?:\\\n|[^\n])*", re.DOTALL | re.MULTILINE)
CPP_TEMPLATE = re.compile(r"\btemplate\s*<[^<>]*(?:<[^<>]*>[^<>]*)*>")
CPP_SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b(?![^<]*\()")
SCRIPT_FUNCTION = re.compile(
    r"( *)(?:export |default |async |static |private |get |set )*"
    r"(?:function\b|const \w+ = (?:async )?\(|(?!if|for|while|switch|catch)\w+\(.*\).*\{$)")


def tracked_files():
    """What is committed, or would be by `git add`."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"],
                            capture_output=True, check=True).stdout.decode()
    return sorted(path for name in set(listed.split("\0")) - {""}
                  if (path := pathlib.Path(name)).is_file())


def blank_literals(text):
    """The text with each comment, string and directive as spaces; its lines stay where they are.

    >>> blank_literals('a = "{"; // }')
    'a =    ;     '
    """
    return CPP_LITERAL.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def cpp_functions(text):
    r"""(first line, lines) of each function; what it nests, such as a lambda, belongs to it.

    >>> list(cpp_functions('namespace a {\nint F(int b)\n    const {\n  if (b) {\n  }\n}\n}\n'))
    [(2, 5)]
    >>> list(cpp_functions('class A : public B<void()> {\n  A() : b_{1} {}\n  int c = {2};\n};'))
    [(2, 1)]
    >>> list(cpp_functions('template <class T>\nB<T> F() {\n  if (a) {\n  }\n}\n'))
    [(1, 5)]
    >>> list(cpp_functions('const auto kF = [](int a) {\n  return a;\n};\nTEST_CASE("x") {\n\n}\n'))
    [(1, 3), (4, 3)]
    """
    text = blank_literals(text)
    depth, scopes, start, began = 0, [], 0, None
    for match in re.finditer(r"[{};]", text):
        head = CPP_TEMPLATE.sub("", text[start:match.start()])
        if match[0] == "{":
            depth += 1
            if began is None and CPP_SCOPE.search(head):
                scopes.append(depth)
            elif began is None and "(" in head:
                began = (depth, start + len(text[start:]) - len(text[start:].lstrip()))
        elif match[0] == "}":
            if began and began[0] == depth:
                first = text.count("\n", 0, began[1]) + 1
                # An initialiser's braces are no body: the list, or the body, goes on after them.
                if not re.match(r"\s*[,{]", text[match.end():]):
                    yield first, text.count("\n", 0, match.start()) + 2 - first
                    began = None
            if scopes and scopes[-1] == depth:
                scopes.pop()
            depth -= 1
        if began is None:
            start = match.end()


def python_functions(text):
    """As cpp_functions."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def indented_functions(text, opening):
    r"""As cpp_functions, for code whose closing brace stands below the function's first line.

    >>> list(indented_functions('f() {\n  a\n}\nb\n', re.compile(r'()\w+\(\) \{$')))
    [(1, 3)]
    """
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if match := opening.match(line):
            end = next((n for n in range(number + 1, len(lines))
                        if lines[n].startswith(match[1] + "}")), number)
            yield number + 1, end - number + 1


def functions(path, text):
    if path.suffix in CPP:
        return cpp_functions(text)
    if path.suffix == ".py":
        return python_functions(text)
    if path.suffix in SCRIPTS:
        return indented_functions(text, SCRIPT_FUNCTION)
    if text.startswith("#!"):
        return indented_functions(text, re.compile(r"()[\w-]+\(\) \{"))
    return ()


def check_sizes(path, text):
    lines = text.splitlines()
    most = PROTO_LINES_MAX if path.suffix == ".proto" else FILE_LINES_MAX
    if len(lines) > most:
        yield 1, f"{len(lines)} lines, where {most} are the most"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield number, f"{len(line)} columns, where {COLUMNS_MAX} are the most"
    for first, length in functions(path, text):
        if length > FUNCTION_LINES_MAX:
            yield first, f"a function of {length} lines, where {FUNCTION_LINES_MAX} are the most"


def is_pure(include, domain):
    """Whether domain/ may include this; where a service has several, that of any of its nouns.

    >>> [is_pure(i, 'services/a/domain') for i in
    ...  ('<map>', '"absl/time/time.h"', '"services/a/domain/x.h"', '"services/common/base/a.h"',
    ...   '"gatehouse/a/v1/a.pb.h"')]
    [True, True, True, True, True]
    >>> [is_pure(i, 'services/a/domain') for i in
    ...  ('<pqxx/pqxx>', '<unistd.h>', '"services/common/redis/redis.h"', '"services/a/store/x.h"')]
    [False, False, False, False]
    >>> [is_pure(i, 'services/a/x/domain') for i in
    ...  ('"services/a/y/domain/z.h"', '"services/a/y/store/z.h"', '"services/b/y/domain/z.h"')]
    [True, False, False]
    """
    name = include.strip('"<>')
    common = re.fullmatch(r"services/common/(\w+)/\w+\.h", name)
    # A message of the service's own contract is plain data.
    contract = re.fullmatch(r"gatehouse/(\w+)/v1/\w+\.pb\.h", name)
    if contract and contract[1] == domain.split("/")[1]:
        return True
    there = DOMAIN.match(name)
    return bool(STANDARD.fullmatch(include) or name.startswith("absl/")
                or there and there["service"] == DOMAIN.match(domain + "/")["service"]
                or REASONS.fullmatch(name) or common and common[1] in PURE_ROOMS)


def check_purity(path, text):
    domain = DOMAIN.match(path.as_posix())
    for number, line in enumerate(text.splitlines(), 1):
        include = re.match(r'\s*#\s*include\s*(<[^>]*>|"[^"]*")', line)
        if domain and include and not is_pure(include[1], domain[0].rstrip("/")):
            yield number, f"a domain may not include {include[1]}"


def room_of(name):
    """(house, storey) of a file in a room; nothing elsewhere, as in tests.

    >>> room_of('services/common/text/address.h')
    ('services/common', 1)
    >>> room_of('services/common/tests/rules_test.cpp')
    """
    for house, rooms in ROOMS.items():
        room = name.removeprefix(house + "/").split("/")[0]
        if name.startswith(house + "/") and room in rooms:
            return house, rooms.index(room)
    return None


def check_rooms(path, text):
    here = room_of(path.as_posix())
    for number, line in enumerate(text.splitlines(), 1):
        include = re.match(r'#include "(services/[^"]+)"', line)
        if here and include and include[1].startswith(here[0] + "/"):
            there = room_of(include[1])
            if not there or there[1] > here[1]:
                yield number, f"{ROOMS[here[0]][here[1]]}/ may not include {include[1]}, above it"


def check_columns(path, text):
    """A column by its number is another one as soon as somebody adds one before it.

    >>> list(check_columns(pathlib.Path('services/a/store/b.cpp'), 'x = row["id"];\\nrow[3]'))
    [(2, 'a column by its number: name it')]
    >>> list(check_columns(pathlib.Path('services/a/store/b.cpp'), 'tx.Exec("…", id)[0][0];'))
    [(1, 'a column by its number: name it')]
    """
    name = path.as_posix()
    if not name.startswith("services/") or "/tests/" in name or "/domain/" in name:
        return
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\brow\[\d+\]|\[\d+\]\[\d+\]|\.at\(\d+\)\[\d+\]", line):
            yield number, "a column by its number: name it"


def check_macros(_path, text):
    r"""SQL is put together by Sql() of services/common/postgres/sql.h, whose parts have scopes. An
    assembler's text is no SQL.

    >>> list(check_macros(None, 'int a;\n#define ROW "id, name"\n'))
    [(2, 'a macro that is text: make it a constant, of SQL by Sql()')]
    >>> list(check_macros(None, '#define ROW(x) \\\n  "FROM " x\nint b;'))
    [(1, 'a macro that is text: make it a constant, of SQL by Sql()')]
    >>> list(check_macros(None, '#define CONCAT(a, b) a##b\nchar c[] = "x";'))
    []
    """
    for macro in re.finditer(r"^[ \t]*#[ \t]*define\b(?:\\\n|[^\n])*", text, re.MULTILINE):
        if '"' in macro[0] and "asm(" not in macro[0]:
            yield (text.count("\n", 0, macro.start()) + 1,
                   "a macro that is text: make it a constant, of SQL by Sql()")


def check_paths(_path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if found := MACHINE_PATH.search(line):
            yield number, f"a path of one machine only: {line[found.start():].split()[0]}"


def offences():
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # Not ours to read: a test's picture, say.
        checks = [check_paths]
        if path.suffix in CODE or path.name in CODE_NAMES:
            checks.append(check_sizes)
        if path.suffix in CPP:
            checks += [check_purity, check_rooms, check_columns, check_macros]
        for check in checks:
            for line, what in check(path, text):
                yield f"{path}:{line}: {what}"
        if path.name == "ARCHITECTURE.md" and len(text.split()) > ARCHITECTURE_WORDS_MAX:
            yield f"{path}:1: {len(text.split())} words; {ARCHITECTURE_WORDS_MAX} are the most"


def main():
    if doctest.testmod().failed:
        sys.exit("tidy.py itself is broken: see above")
    found = list(offences())
    print("\n".join(found) or "tidy")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
