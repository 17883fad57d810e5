"""Formulas as text: the bodies of loops, with what does not depend on the element computed once per call."""

from __future__ import annotations

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Body:
    """A formula as the body of a loop: `name(*elements, *fixed)`."""

    source: str
    scalars: tuple[str, ...]  # what the formula takes beside the elements
    fixed: tuple[tuple[str, str], ...]  # name and expression of what is computed once per call

    @property
    def call(self) -> str:
        return "".join(f", {name}" for name, _ in self.fixed)


class _Split(ast.NodeTransformer):
    """Give a name to each largest subexpression that knows no element, and remember it."""

    def __init__(self, elements: tuple[str, ...], constants: dict[str, Any]) -> None:
        self.varying, self.constants, self.fixed = set(elements), constants, dict[str, str]()

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Assign):  # m = beta1 * m + …: what is assigned varies from here on
            names = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            match node.targets:
                case [ast.Name(name)] if not names & self.varying:  # unless no element is in it
                    self.constants[name] = _Inline(self.constants).visit(node.value)
                    self.varying.discard(name)
                    return None
            node.value = self.visit(node.value)
            self.varying |= {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            return node
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        if isinstance(node, ast.expr) and not isinstance(node, ast.Tuple) and not names & self.varying:
            text = ast.unparse(_Inline(self.constants).visit(node))
            return ast.Name(self.fixed.setdefault(text, f"k{len(self.fixed)}"), ast.Load())
        if isinstance(node, ast.Call):  # np.sqrt itself is no number
            node.args = [self.visit(a) for a in node.args]
            return node
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant):
            node.left = self.visit(node.left)  # z**2 stays a multiplication
            return node
        return self.generic_visit(node)


class _Inline(ast.NodeTransformer):
    """Put numbers that have names in their places, and other names in those of the formula's scalars."""

    def __init__(self, constants: dict[str, Any]) -> None:
        self.constants = constants

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self.constants.get(node.id)
        if isinstance(value, ast.expr):
            return copy.deepcopy(value)
        if isinstance(value, str):
            return ast.Name(value, ast.Load())
        return ast.Constant(value) if isinstance(value, int | float) else node


@cache
def body(formula: Callable[..., Any], elements: tuple[str, ...], name: str) -> Body:
    """Split a formula: `elements` differ within a loop, its other arguments do not."""
    function = ast.parse(textwrap.dedent(inspect.getsource(formula))).body[0]
    assert isinstance(function, ast.FunctionDef)
    arguments = [a.arg for a in function.args.args]
    scalars = {a: f"{a}_" for a in arguments if a not in elements}  # a name of their own beside the kernel's b, t, w …
    split = _Split(elements, formula.__globals__ | scalars)
    kept = [split.visit(s) for s in function.body if not isinstance(s, ast.Expr)]
    lines = "\n".join(ast.unparse(ast.fix_missing_locations(s)) for s in kept if s is not None)
    taken = ", ".join([*(a for a in arguments if a in elements), *split.fixed.values()])
    source = f"def {name}({taken}):\n{textwrap.indent(lines, '    ')}\n"
    fixed = tuple((f"{name}_{k}", text) for text, k in split.fixed.items())
    return Body(source, tuple(scalars.values()), fixed)


class PutIn(ast.NodeTransformer):
    """Write the formulas out where the loop calls them: Numba would compile each by itself first."""

    def __init__(self, source: str) -> None:
        *formulas, loop = ast.parse(source).body
        self.formulas = {f.name: f for f in formulas if isinstance(f, ast.FunctionDef)}
        self.written = 0
        self.before: list[ast.stmt] = []  # what comes before the statement at hand
        self.tree: Any = ast.fix_missing_locations(self.visit(loop))

    def visit(self, node: ast.AST) -> Any:
        if not isinstance(node, ast.stmt) or hasattr(node, "body"):
            return super().visit(node)
        self.before = []
        statement = self.generic_visit(node)
        return [*self.before, statement]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        formula = self.formulas.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if formula is None:
            return node
        self.written += 1
        names = [a.arg for a in formula.args.args]
        stored = {n.id for n in ast.walk(formula) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        place: dict[str, str] = {name: f"{name}_{self.written}" for name in (*names, *stored)}
        for name, given in zip(names, node.args, strict=True):
            if isinstance(given, ast.Name) and name not in stored:
                place[name] = given.id
            else:
                self.before.append(ast.Assign([ast.Name(place[name], ast.Store())], given))
        *lines, answer = (_Rename(place).visit(copy.deepcopy(line)) for line in formula.body)
        self.before += lines
        return answer.value


class _Rename(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.names.get(node.id, node.id), node.ctx)
