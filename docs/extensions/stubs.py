"""Type stubs of both packages, and the index of operators, made from the registry.

``python -m docs.extensions.stubs`` writes them; a test checks that they are current.  The functions and methods of
operators are generated when they are first used, so a type checker finds them only here.
"""

import ast
import inspect
import re
import textwrap
import types
from importlib import import_module
from pathlib import Path
from typing import Literal, NamedTuple, get_args, get_origin

from docs.extensions.api import exported_modules
from ndarray import functions as eager
from ndarray import registry
from ndarray.ops import FILES
from ndarray.params import Count, DType, Floats, Ints, Key, Scalar, Scalars, Shape, SlicePoints
from symbolic import functions as symbolic

ROOT = Path(__file__).parents[2]
WIDTH = 120
QUOTES = '"' * 3

_HEAD = '''"""{what}

Made by ``python -m docs.extensions.stubs`` from the operators' declarations.
"""

'''

_TYPES = {"collections.abc": "Sequence", "typing": "Any Literal Never NoReturn overload",
          "ndarray.array": "NDArray", "ndarray.sparse": "RowSparseNDArray",
          "ndarray.typing": "DTypeLike Number ShapeLike", "symbolic.symbol": "Symbol"}
"""The names that annotations use, by module."""


class Form(NamedTuple):
    """How one package calls operators.

    Attributes
    ----------
    package : str
    array : str
        The class of what goes in and comes out.
    scalar : str
        What a hyper-parameter may be.
    function : callable
        ``function(name)`` is the function of an operator.
    """

    package: str
    array: str
    scalar: str
    function: object

    @property
    def kind(self):
        """The class that `array` names."""
        return getattr(import_module(self.package), self.array)


FORMS = (Form("ndarray", "NDArray", "Number | NDArray | np.ndarray", eager.function),
         Form("symbolic", "Symbol", "Number | Symbol", symbolic.function))


# Types

def param_type(param, form):
    """Return the annotation of a parameter in a call."""
    if get_origin(param.type) is Literal:
        found = f"Literal[{', '.join(map(repr, get_args(param.type)))}]"
    else:
        written = {Scalar: form.scalar, Scalars: f"{form.scalar} | Sequence[{form.scalar}]", Shape: "ShapeLike",
                   Ints: "ShapeLike", SlicePoints: "int | Sequence[int | None]", Floats: "float | Sequence[float]",
                   DType: "DTypeLike", Count: "int",
                   Key: form.scalar.replace("Number", "int")}
        found = written.get(param.type) or param.type.__name__
    return found + " | None" * (param.optional or param.default is None)


def input_type(op, name, form, whole=False):
    """Return the annotation of an input in a call, with its default where it may be left out, unless `whole`."""
    if form.array == "Symbol":
        return "Symbol | None = None"
    found = form.array + " | RowSparseNDArray" * ("sparse" in op.rules)
    # Which inputs may be left out depends on parameters.
    return f"{found} | None = None" if op.absent and name != op.names[0] and not whole else found


def result_type(op, form):
    """Return the annotation of what a call gives."""
    if form.array == "Symbol" or op.outputs == 1:
        return form.array
    return f"list[{form.array}]" if isinstance(op.outputs, int) else f"{form.array} | Any"


def extra_type(name, op, form):
    """Return the annotation and default of an argument that every function has."""
    several = "" if op.outputs == 1 else f" | Sequence[{form.array}]"
    return {"name": "str | None = None", "attr": "dict[str, str] | None = None",
            "out": f"{form.array}{several} | None = None"}[name]


# Functions

def signatures(op, form, name):
    """Return the arguments of an operator's function, as they are written; two overloads where one is not enough."""
    given = [*inspect.signature(form.function(name)).parameters.values()]
    if form.array == "Symbol" or not op.absent or all(arg.default is not arg.empty for arg in given
                                                      if arg.name in op.params):
        return [arguments(op, form, given)]
    # With every input, parameters may follow by position; without, what is required comes by name.
    named = [arg.replace(kind=arg.KEYWORD_ONLY) if arg.name in op.params else arg for arg in given]
    return [arguments(op, form, given, whole=True), arguments(op, form, named)]


def arguments(op, form, given, whole=False):
    """Return written arguments; `whole` where no input is left out."""
    found, starred = [], False
    for arg in given:
        if arg.kind is arg.VAR_POSITIONAL:
            found.append(f"*{arg.name}: {form.array} | Sequence[{form.array}]")
            starred = True
            continue
        if arg.kind is arg.KEYWORD_ONLY and not starred:
            found.append("*")
            starred = True
        if arg.name in op.params:
            text = param_type(op.params[arg.name], form) + (
                f" = {written(arg.default)}" if arg.default is not arg.empty else "")
        else:
            text = input_type(op, arg.name, form, whole) if arg.name in op.names else extra_type(arg.name, op, form)
        found.append(f"{arg.name}: {text}")
    return found


def written(default):
    """Return a default as it is written in Python."""
    text = repr(default)
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return "..."
    return text


def definitions(name, ways, result, doc, indent=""):
    """Return the functions of one name in a stub: overloads where there are several ways to call it."""
    return "\n".join(f"{indent}@overload\n" * (len(ways) > 1) + definition(name, args, result, doc, indent)
                     for args in ways)


def definition(name, args, result, doc, indent=""):
    """Return a function of a stub, with the first sentence of its documentation."""
    start = f"{indent}def {name}("
    line = f"{start}{', '.join(args)}) -> {result}:"
    if len(line) > WIDTH:
        # Spaces inside an argument stay together.
        packed = ", ".join(arg.replace(" ", "\0") for arg in args) + f") -> {result}:".replace(" ", "\0")
        line = f"{start}\n" + wrapped(packed, indent + " " * 8).replace("\0", " ")
    first = " ".join((doc or "").partition("\n\n")[0].split())
    if not first:
        return f"{line} ...\n"
    quoted = first.replace("\\", "\\\\").replace('"""', "'''")
    return f'{line}\n{wrapped(QUOTES + quoted + QUOTES, indent + " " * 4)}\n'


def wrapped(text, indent):
    """Return text in lines of at most `WIDTH` characters."""
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False,
                         break_on_hyphens=False)


def own_operators():
    """Return the public names and operators that the package itself declares, in the order of names."""
    return sorted((name, op) for name, op in registry.names().items()
                  if not name.startswith("_") and op.compute.__module__.startswith("ndarray.ops."))


def operator_functions(form):
    """Return the functions of operators that a package has under names without a leading underscore."""
    module = import_module(form.package)
    for name, op in own_operators():
        if getattr(module, name) is form.function(name):
            yield definitions(name, signatures(op, form, name), result_type(op, form), op.__doc__)


def operator_methods(form):
    """Return the methods of a package's arrays that operators give, and Python's arithmetic."""
    array, kind = form.array, form.kind
    for name, value in vars(kind).items():
        if not inspect.isfunction(value) or value.__qualname__.startswith(f"{kind.__qualname__}."):
            continue
        if len(inspect.signature(value).parameters) == 1:
            yield f"    def {name}(self) -> {array}: ...\n"
        elif name in ("__eq__", "__ne__"):
            yield f"    def {name}(self, other: object) -> {array}: ...  # type: ignore[override]\n"
        elif name.startswith("__i") and array == "Symbol":
            yield f"    def {name}(self, other: Never) -> NoReturn: ...  # type: ignore[misc]\n"
        else:
            yield f"    def {name}(self, other: {array} | Number) -> {array}: ...\n"
    for name, op in own_operators():
        if not op.inputs or hasattr(kind, name):
            continue
        ways = [["self", *args[0 if op.many else 1:]] for args in signatures(op, form, name)]
        yield definitions(name, ways, result_type(op, form), op.__doc__, "    ")


# Files

def exports(form):
    """Return what a package exports besides operators: import lines, then aliases of modules, then functions."""
    module, modules = import_module(form.package), exported_modules(form.package)
    imports, aliases, functions = {}, [], []
    for name in sorted(name for name in dir(module) if not name.startswith("_")):
        value = getattr(module, name)
        if isinstance(value, types.ModuleType):
            if name in modules:
                parent, _, own = value.__name__.rpartition(".")
                imports.setdefault(parent, []).append(f"{own} as {name if own == name else f'_{name}'}")
                aliases += [f"{name} = _{name}\n"] * (own != name)
        elif name in registry.names() and value is form.function(name):
            continue
        elif inspect.isfunction(value) and "<locals>" in inspect.unwrap(value).__code__.co_qualname:
            functions += of_two(name, [*inspect.signature(value).parameters], form.array, value.__doc__)
        elif callable(value):
            imports.setdefault(value.__module__, []).append(f"{name} as {name}")
    return imports, aliases, functions


def of_two(name, args, array, doc):
    """Return the overloads of a function of two arrays or numbers: two numbers give a number."""
    cases = ("Number", "Number", "float"), (array, f"{array} | Number", array), ("Number", array, array)
    return ["@overload\n" + definition(name, [f"{arg}: {type_}" for arg, type_ in zip(args, case)], case[-1],
                                       doc if case is cases[0] else None) for case in cases]


def with_imports(what, body, imports):
    """Return the text of a stub: what it is, the imports that its body needs and those given, the body."""
    needed = {}
    for module, names in _TYPES.items():
        found = [name for name in names.split() if re.search(rf"\b{name}\b", body)
                 and f"{name} as {name}" not in imports.get(module, ())]
        if found:
            needed[module] = ", ".join(found)
    groups = {"": [], "ours": []}
    for module in sorted({*needed, *imports}):
        lines = groups["ours" if module.partition(".")[0] in ("ndarray", "symbolic") else ""]
        names = [*imports.get(module, ()), *([needed[module]] if module in needed else ())]
        lines += [f"from {module} import {name}\n" for name in names]
    lines = [*groups[""], *(["\nimport numpy as np\n"] * ("np." in body)), "\n", *groups["ours"]]
    return _HEAD.format(what=what) + "".join(lines) + body


def exporting(form):
    """Return the text of a package's ``__init__.pyi``."""
    imports, aliases, functions = exports(form)
    body = "\n" + "".join(aliases) + "\n" * bool(aliases) + "\n".join([*functions, *operator_functions(form)])
    return with_imports(f"What `{form.package}` exports, for type checkers.", body, imports)


def methods(form):
    """Return the text of the stub with the methods that operators give to a package's arrays."""
    body = f"\nclass {form.array}Methods:\n" + "\n".join(operator_methods(form))
    what = f"The methods of `{form.array}` that operators and arithmetic give, for type checkers."
    return with_imports(what, body, {})


def index():
    """Return the text of the table of names that each file of operators declares."""
    declared = {f"ndarray.ops.{file}": [] for file in FILES}
    for module in declared:  # which a new file is not in yet
        import_module(module)
    for name, op in registry.names().items():
        if op.compute.__module__ in declared:
            declared[op.compute.__module__].append(name)
    lines = [f'    "{module}": """\n{wrapped(" ".join(names), " " * 8)}""",\n' if names else f'    "{module}": "",\n'
             for module, names in declared.items()]
    what = '"""The names that each file of operators declares: an operator is declared when it is first looked up.'
    return f'{what}\n\nMade by ``python -m docs.extensions.stubs``.\n"""\n\nDECLARED = {{\n{"".join(lines)}}}\n'


def files():
    """Return the text of each file by its path."""
    return {ROOT / "ndarray/ops/index.py": index(), **{
        ROOT / form.package / name: make(form) for form in FORMS
        for name, make in (("__init__.pyi", exporting), ("methods.pyi", methods))}}


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
