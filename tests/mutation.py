"""`make mutate`: mutation testing of what must never be wrong, the rules of disclosure.

mutmut changes the bodies of plain functions. It leaves out the constants of a module and every
decorated function (`classes_of` is cached, `Node.n` a property), which hold half of the numbers
of the rules. Those are changed here in the same manner: each comparison, sum, product, condition
and number once, in a copy of the tree, against the same tests. Survivors are printed;
`tests/mutants.md` says of each why no test can tell it from the rule.
"""

# ruff: noqa: T201 - prints what it finds

import ast
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
COPIED = ("analysis", "survey", "tests", "pyproject.toml")
SECONDS = 120  # for the tests of one mutant: one that never ends is found too
SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.And: ast.Or,
    ast.Or: ast.And,
}  # fmt: skip


def main() -> int:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
    survivors = tried = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
        if not passes(copy, settings["pytest_add_cli_args_test_selection"]):
            print("The tests fail without a mutant.")
            return 1
        for name in settings["only_mutate"]:
            text = (ROOT / name).read_text(encoding="utf-8")
            for line, before, after, mutant in mutants(text):
                (copy / name).write_text(mutant, encoding="utf-8")
                tried += 1
                if passes(copy, settings["pytest_add_cli_args_test_selection"]):
                    survivors += 1
                    print(f"survived  {name}:{line}  {before}  ->  {after}", flush=True)
            (copy / name).write_text(text, encoding="utf-8")
    print(f"{tried} mutants outside plain functions, {survivors} survived")
    return 0


def passes(copy: Path, tests: list[str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    # A compiled module of the same second and size would be taken for the mutant.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def mutants(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Line, expression, changed expression and the whole text, for each single change."""
    starts = [0]
    for line in text.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in left_out(ast.parse(text)):
        for changed in changes(node):
            first = starts[node.lineno - 1] + node.col_offset
            last = starts[node.end_lineno - 1] + node.end_col_offset
            before, after = text.encode()[first:last], f"({ast.unparse(changed)})".encode()
            whole = text.encode()[:first] + after + text.encode()[last:]
            yield node.lineno, before.decode(), after.decode()[1:-1], whole.decode()


def left_out(tree: ast.Module) -> Iterator[ast.expr]:
    """Expressions of module constants, of defaults and of decorated functions."""
    for node in ast.walk(tree):
        match node:
            case ast.Module(body=body) | ast.ClassDef(body=body):
                values = [s.value for s in body if isinstance(s, ast.Assign | ast.AnnAssign)]
            case ast.FunctionDef(decorator_list=decorators, body=body, args=args):
                values = [*args.defaults, *args.kw_defaults, *(body if decorators else ())]
            case _:
                continue
        for value in filter(None, values):
            yield from (part for part in ast.walk(value) if isinstance(part, ast.expr))


def changes(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Constant(value=float() as value):
            yield from (ast.Constant(value * 1.05), ast.Constant(value * 0.95))
        case ast.Compare(left=left, ops=ops, comparators=right):
            for at, op in enumerate(ops):
                if other := SWAPPED.get(type(op)):
                    yield ast.Compare(left, [*ops[:at], other(), *ops[at + 1 :]], right)
        case ast.BinOp(left=left, op=op, right=right):
            if other := SWAPPED.get(type(op)):
                yield ast.BinOp(left, other(), right)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(SWAPPED[type(op)](), values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand


if __name__ == "__main__":
    sys.exit(main())
