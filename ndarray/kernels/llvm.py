"""A loop as LLVM text: plain arithmetic, in order, with nothing that changes bits.

A kernel is ``void kernel(ptr row, i64 first, i64 count, i64 chunk)``: the row holds its arguments (see `driver`),
`first` and `count` give the elements to compute, `chunk` is the index of its partial sums.
"""

import struct

import numpy as np

from ndarray.kernels import narrow
from ndarray.kernels.layout import LINE, POINTERS_AT
from ndarray.kernels.loop import LEAVES, Loop

_INTEGERS = {f"{sign}int{bits}": f"i{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_TYPES = {"float16": "half", "float32": "float", "float64": "double", "bool": "i1"} | _INTEGERS
_TYPES["bfloat16"] = "i16"
"""The upper half of a float32; LLVM's own conversion calls a function where the processor has none."""
_IN_MEMORY = _TYPES | {"bool": "i8"}
_SIZES = {name: 2 if name == "bfloat16" else np.dtype(name).itemsize for name in _TYPES}
_ARITHMETIC = {"add": "fadd", "subtract": "fsub", "multiply": "fmul", "divide": "fdiv"}
_COMPARE = {"less": "olt", "less_equal": "ole", "greater": "ogt", "greater_equal": "oge", "equal": "oeq",
            "not_equal": "une"}
_LOGIC = {"logical_and": "and", "logical_or": "or", "logical_xor": "xor"}
_INTRINSICS = {"sqrt": "sqrt", "abs": "fabs", "floor": "floor", "ceil": "ceil", "trunc": "trunc", "rint": "rint"}
_LONG = 100
_LOOP, _HINT = 1, 2
_BLOCK, _AHEAD = 128, 512
"""Elements of a block, and how many elements ahead of it memory is fetched, where it is."""
_SUMMED_IN_LANES = "reassoc nsz"


def text_of(loop: Loop, fetch: bool = False) -> str:
    """Return the LLVM module of a loop.

    Parameters
    ----------
    loop : Loop
    fetch : bool
        Whether it asks for memory ahead of its reads, which helps some processors and slows down others; no bit of a
        result depends on it.
    """
    return _Writer(loop, fetch).module()


class _Writer:
    """The lines of one kernel as they come."""

    def __init__(self, loop, fetch):
        self.loop, self.fetch = loop, fetch
        self.head = []
        self.declared = set()
        self.pairs = narrow.in_pairs(loop)
        self.which = ""
        self.rounded = []

    def module(self):
        loop = self.loop
        for i in range(len(loop.arrays)):
            self.head += self._pointer(f"a{i}", i)
        for i, dtype in enumerate(loop.scalars):
            self.head += [*self._pointer(f"q{i}", len(loop.arrays) + i), *self._number(f"s{i}", dtype, f"%q{i}")]
        for i in range(len(loop.sums)):
            self.head += [*self._pointer(f"t{i}", len(loop.arrays) + len(loop.scalars) + i),
                          f"%t{i}.p = getelementptr double, ptr %t{i}, i64 %chunk"]
        self.head += self._steps("0", varying=False)
        text = self._pairs() if self.pairs else self._elements()
        return "\n".join([*text, *sorted(self.declared), *self._metadata()])

    def _elements(self):
        """Return the function that computes one element after the other."""
        sums = [self._sum(i, word, value) for i, (word, value) in enumerate(self.loop.sums)]
        totals = {f"%sum{i}": ("double", "0.0") for i in range(len(sums))}
        before, after = self._around(1, totals)
        return [*self._opening(), *before, *self._one(), *(line for lines in sums for line in lines), *after,
                *(f"store double %sum{i}.r, ptr %t{i}.p" for i in range(len(sums))), "ret void", "}"]

    def _pairs(self):
        """Return the function that computes two elements at once, and what is left over by itself."""
        body = self._two()
        before, after = self._around(2, {"%nan": ("i32", "0")})
        return [*self._opening(), *before, *body, *narrow.count_nan(self.rounded), *after,
                *narrow.mended([i for i, _ in self.loop.stores]), *self._one("%i.last"), "br label %out",
                "out:", "ret void", "}"]

    def _opening(self):
        """Return the lines before the loop, which ends at ``%end``."""
        even, count = (["%even = and i64 %count, -2"], "%even") if self.pairs else ([], "%count")
        return ["define void @kernel(ptr %row, i64 %first, i64 %count, i64 %chunk) nounwind {", "entry:",
                *self.head, *even, f"%end = add nuw nsw i64 %first, {count}", f"%some = icmp sgt i64 {count}, 0",
                "br i1 %some, label %block, label %done"]

    def _one(self, at="%i"):
        """Return the lines that compute the element `at`."""
        loop, lines = self.loop, []
        for i in sorted(loop.read | loop.written):
            lines.append(f"%a{i}.p = getelementptr {_IN_MEMORY[loop.arrays[i]]}, ptr %a{i}, i64 {at}")
        for i in sorted(loop.read):
            lines += _load(f"l{i}", loop.arrays[i], f"%a{i}.p", self._alone(i))
        lines += self._steps(at)
        for i, value in loop.stores:
            lines += self._store(i, self._name(value))
        return lines

    def _two(self):
        """Return the lines that compute the element ``%i`` and the next, which are one number in memory."""
        loop, lines = self.loop, []
        for i in sorted(loop.read | loop.written):
            lines.append(f"%a{i}.pp = getelementptr i16, ptr %a{i}, i64 %i")
        for i in sorted(loop.read):
            lines += narrow.load_pair(f"%l{i}", f"%a{i}.pp", self._alone(i))
        lines.append("%i.1 = add nuw nsw i64 %i, 1")
        stored = []
        for self.which, at in ((".0", "%i"), (".1", "%i.1")):
            lines += self._steps(at)
            stored.append([self._name(value) for _, value in loop.stores])
        self.which = ""
        for (i, _), low, high in zip(loop.stores, *stored):
            lines += narrow.store_pair(f"%b{i}", low, high, f"%a{i}.pp", self._alone(i))
        return lines

    def _steps(self, place, varying=True):
        """Return the lines of the steps that differ from element to element, or of the others."""
        self.place, lines = place, []
        for at, step in enumerate(self.loop.steps):
            if step.word not in LEAVES and self.loop.varying[at] == varying:
                lines += self._step(self._name(at), step)
        return lines

    def _around(self, step, totals):
        """Return the lines before and after the body of a loop.

        Parameters
        ----------
        step : int
            Elements that the body computes.
        totals : dict
            LLVM's type and the first value of what the body adds to: of ``%x`` it makes ``%x.n``, and after the loop
            there is ``%x.r``.
        """
        # Blocks give the order in which sums are added: what is summed up runs in blocks even where nothing is fetched.
        blocks = bool(self.loop.sums) or self.fetch
        before, after = (self._blocks if blocks else self._plain)(step, totals)
        last = "%block.done" if blocks else "%loop"
        return before, [*after, "done:", *(f"{name}.r = phi {type_} [ {zero}, %entry ], [ {name}.n, {last} ]"
                                           for name, (type_, zero) in totals.items())]

    def _plain(self, step, totals):
        """Return the lines before and after the body of a loop from the first element to the last."""
        return (["block:", "br label %loop", "loop:", "%i = phi i64 [ %first, %block ], [ %next, %loop ]",
                 *(f"{name} = phi {type_} [ {zero}, %block ], [ {name}.n, %loop ]"
                   for name, (type_, zero) in totals.items())],
                [f"%next = add nuw nsw i64 %i, {step}", "%more = icmp ult i64 %next, %end",
                 f"br i1 %more, label %loop, label %done{self._hint()}"])

    def _blocks(self, step, totals):
        """Return the lines before and after the body of a loop in blocks, each of which may fetch for a later one."""
        fetch = self._fetch() if self.fetch else []
        sources = ["%block", "%fetch"] if fetch else ["%block"]

        def arriving(value):
            return ", ".join(f"[ {value}, {source} ]" for source in sources)

        return (["block:", "%b = phi i64 [ %first, %entry ], [ %b.next, %block.done ]",
                 *(f"{name}.b = phi {type_} [ {zero}, %entry ], [ {name}.n, %block.done ]"
                   for name, (type_, zero) in totals.items()),
                 f"%b.next = add nuw nsw i64 %b, {_BLOCK}", "%inside = icmp ult i64 %b.next, %end",
                 "%stop = select i1 %inside, i64 %b.next, i64 %end", *fetch, "br label %loop",
                 "loop:", f"%i = phi i64 {arriving('%b')}, [ %next, %loop ]",
                 *(f"{name} = phi {type_} {arriving(f'{name}.b')}, [ {name}.n, %loop ]"
                   for name, (type_, _) in totals.items())],
                [f"%next = add nuw nsw i64 %i, {step}", "%more = icmp ult i64 %next, %stop",
                 f"br i1 %more, label %loop, label %block.done{self._hint()}",
                 "block.done:", "br i1 %inside, label %block, label %done"])

    def _fetch(self):
        """Return the lines that ask for the memory of a later block."""
        self.declared.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        lines = [f"%b.far = add nuw nsw i64 %b, {_AHEAD}", f"%b.last = add nuw nsw i64 %b.far, {_BLOCK}",
                 "%there = icmp ult i64 %b.last, %end", "br i1 %there, label %fetch, label %loop", "fetch:"]
        for i, dtype in enumerate(self.loop.arrays):
            if i in self.loop.repeated:
                continue
            lines.append(f"%f{i} = getelementptr {_IN_MEMORY[dtype]}, ptr %a{i}, i64 %b.far")
            for at in range(0, _BLOCK * _SIZES[dtype], LINE):
                lines += [f"%f{i}.{at} = getelementptr i8, ptr %f{i}, i64 {at}",
                          f"call void @llvm.prefetch.p0(ptr %f{i}.{at}, i32 0, i32 3, i32 1)"]
        return lines

    def _hint(self):
        """A long body keeps the processor busy by itself: several elements at once would only spill registers."""
        return f", !llvm.loop !{_LOOP}" if len(self.loop.steps) > _LONG else ""

    def _sum(self, i, word, value):
        """Add in float64, in the order that the lanes of the machine's vectors give."""
        dtype, name = self.loop.steps[value].dtype, self._name(value)
        lines = []
        if dtype == "bfloat16":
            lines, name, dtype = narrow.float_of(f"%sum{i}.f", name), f"%sum{i}.f", "float32"
        lines += [] if dtype == "float64" else [f"%sum{i}.w = fpext {_TYPES[dtype]} {name} to double"]
        term = name if dtype == "float64" else f"%sum{i}.w"
        # LLVM takes part in the order of what is added even within a term of float64, where inf - inf would be 0.
        within = word == "sum" and dtype == "float64" and self.loop.steps[value].word in ("add", "subtract", "negative")
        how = "nsz" if within else _SUMMED_IN_LANES
        if word == "sum_sq":
            # Squares of shorter numbers are exact in float64: to add them at once changes no bit.
            exact = " contract" if dtype != "float64" else ""
            lines.append(f"%sum{i}.q = fmul{exact} double {term}, {term}")
            term, how = f"%sum{i}.q", how + exact
        return [*lines, f"%sum{i}.n = fadd {how} double %sum{i}, {term}"]

    def _pointer(self, name, index):
        return [f"%{name}.r = getelementptr i64, ptr %row, i64 {POINTERS_AT + index}",
                f"%{name} = load ptr, ptr %{name}.r"]

    def _number(self, name, dtype, pointer):
        """Return the lines that read a number before the loop; of a NaN in a loop of pairs only the sign counts."""
        if not self.pairs or dtype not in ("float16", "float32", "float64"):
            return _load(name, dtype, pointer, "")
        type_ = _TYPES[dtype]
        function = f"llvm.copysign.f{8 * _SIZES[dtype]}"
        return [*_load(f"{name}.m", dtype, pointer, ""),
                self._call(f"%{name}.n", function, type_, [_literal(np.nan, dtype), f"%{name}.m"]),
                f"%{name}.u = fcmp uno {type_} %{name}.m, %{name}.m",
                f"%{name} = select i1 %{name}.u, {type_} %{name}.n, {type_} %{name}.m"]

    def _name(self, at):
        """Return the operand that stands for a step."""
        step = self.loop.steps[at]
        if step.word == "load":
            return f"%l{step.detail}{self.which}"
        if step.word == "scalar":
            return f"%s{step.detail}"
        if step.word == "constant":
            return _literal(step.detail, step.dtype)
        return f"%v{at}{self.which if self.loop.varying[at] else ''}"

    def _step(self, name, step):
        if step.word == "repeat":
            return self._repeat(name, step)
        args = [self._name(a) for a in step.args]
        type_ = _TYPES[self.loop.steps[step.args[-1]].dtype]
        word = step.word
        if word in _ARITHMETIC:
            return [f"{name} = {_ARITHMETIC[word]} {type_} {args[0]}, {args[1]}"]
        if word in _COMPARE:
            return [f"{name} = fcmp {_COMPARE[word]} {type_} {args[0]}, {args[1]}"]
        if word in _LOGIC:
            return [f"{name} = {_LOGIC[word]} i1 {args[0]}, {args[1]}"]
        if word in _INTRINSICS:
            return [self._call(name, f"llvm.{_INTRINSICS[word]}.f{8 * _SIZES[step.dtype]}", type_, args)]
        return getattr(self, f"_{word}")(name, type_, args, step)

    def _call(self, name, function, type_, args):
        self.declared.add(f"declare {type_} @{function}({', '.join([type_] * len(args))})")
        return f"{name} = call {type_} @{function}({', '.join(f'{type_} {a}' for a in args)})"

    def _negative(self, name, type_, args, step):
        return [f"{name} = fneg {type_} {args[0]}"]

    def _logical_not(self, name, type_, args, step):
        return [f"{name} = xor i1 {args[0]}, true"]

    def _where(self, name, type_, args, step):
        return [f"{name} = select i1 {args[0]}, {type_} {args[1]}, {type_} {args[2]}"]

    def _sign(self, name, type_, args, step):
        return [f"{name}.a = fcmp ogt {type_} {args[0]}, 0.0", f"{name}.b = fcmp olt {type_} {args[0]}, 0.0",
                f"{name}.c = select i1 {name}.b, {type_} -1.0, {type_} 0.0",
                f"{name} = select i1 {name}.a, {type_} 1.0, {type_} {name}.c"]

    def _maximum(self, name, type_, args, step, compare="ogt"):
        # NumPy: the first where it is NaN, else the first where it is beyond the second, else the second.
        return [f"{name}.u = fcmp uno {type_} {args[0]}, 0.0",
                f"{name}.c = fcmp {compare} {type_} {args[0]}, {args[1]}",
                f"{name}.m = select i1 {name}.c, {type_} {args[0]}, {type_} {args[1]}",
                f"{name} = select i1 {name}.u, {type_} {args[0]}, {type_} {name}.m"]

    def _minimum(self, name, type_, args, step):
        return self._maximum(name, type_, args, step, "olt")

    def _cast(self, name, type_, args, step):
        from_, to = self.loop.steps[step.args[0]].dtype, step.dtype
        if from_ == "bfloat16":
            return narrow.float_of(name, args[0])
        if to == "bfloat16":
            return [*narrow.nearest(name, args[0]), *self._shortened(name, args[0])]
        how = "uitofp" if from_ == "bool" else "fpext" if _SIZES[to] > _SIZES[from_] else "fptrunc"
        return [f"{name} = {how} {type_} {args[0]} to {_TYPES[to]}"]

    def _round_stochastic(self, name, type_, args, step):
        x, key = args

        def mixed(value, type_, *lines):
            """Return the lines of xor-shifts and products, each of the value before."""
            found = []
            for k, (shift, factor) in enumerate(lines):
                found += [f"{value}{k}.s = lshr {type_} {value}{k}, {shift}",
                          f"{value}{k}.x = xor {type_} {value}{k}, {value}{k}.s",
                          f"{value}{k + 1} = mul {type_} {value}{k}.x, {factor}"]
            return found

        z, h = f"{name}.z", f"{name}.h"
        half = f"and i32 {name}.n, 65535" if step.detail % 2 else f"lshr i32 {name}.n, 16"
        return [f"{name}.f = fptosi double {key} to i64", f"{name}.e = shl i64 {name}.f, 3",
                f"{name}.k = add i64 {name}.e, {step.detail // 2}",
                f"{z}0 = mul i64 {name}.k, {_signed(0x9E3779B97F4A7C15)}",
                *mixed(z, "i64", (30, _signed(0xBF58476D1CE4E5B9)), (27, _signed(0x94D049BB133111EB)), (31, 1)),
                f"{name}.low = trunc i64 {z}3 to i32", f"{name}.up = lshr i64 {z}3, 32",
                f"{name}.high = trunc i64 {name}.up to i32", f"{name}.i = trunc i64 {self.place} to i32",
                f"{h}0 = xor i32 {name}.i, {name}.low",
                *mixed(h, "i32", (16, 0x7FEB352D), (15, _signed(0x846CA68B, 32)), (16, 1)),
                f"{name}.n = add i32 {h}3, {name}.high", f"{name}.m = {half}",
                f"{name}.b = bitcast float {x} to i32", f"{name}.r = add i32 {name}.b, {name}.m",
                *self._shortened(name, x)]

    def _shortened(self, name, value):
        """Return the lines that take the upper half of ``name.r``; a NaN in a pair is mended after the loop."""
        if not self.which:
            return narrow.upper(name, value)
        self.rounded.append(value)
        return narrow.upper_unmended(name)

    def _repeat(self, name, step):
        """Read the element that `ndarray.kernels.record.places` counts in, in the order of its arguments."""
        array, runs = step.detail
        numbers = iter([self._name(a) for a in step.args])
        lines, total = [f"{name}.i = trunc i64 {self.place} to i32"], "0"

        def share(of, k, divisor):
            # Exact below 2**31: to be wrong, a quotient would have to be nearer to a whole number than half a share.
            return [f"{name}.f{k} = sitofp i32 {of} to double", f"{name}.h{k} = fadd double {name}.f{k}, 0.5",
                    f"{name}.p{k} = fmul double {name}.h{k}, {divisor}",
                    f"{name}.q{k} = fptosi double {name}.p{k} to i32"]

        for k, (divides, wraps, strides) in enumerate(runs):
            at = f"{name}.i"
            if divides:
                lines += share(at, f"{k}.d", next(numbers))
                at = f"{name}.q{k}.d"
            if wraps:
                lines += [*share(at, f"{k}.w", next(numbers)), f"{name}.m{k} = fptosi double {next(numbers)} to i32",
                          f"{name}.b{k} = mul i32 {name}.q{k}.w, {name}.m{k}",
                          f"{name}.r{k} = sub i32 {at}, {name}.b{k}"]
                at = f"{name}.r{k}"
            if strides:
                lines += [f"{name}.s{k} = fptosi double {next(numbers)} to i32",
                          f"{name}.e{k} = mul i32 {at}, {name}.s{k}"]
                at = f"{name}.e{k}"
            lines.append(f"{name}.t{k} = add i32 {total}, {at}")
            total = f"{name}.t{k}"
        dtype = self.loop.arrays[array]
        return [*lines, f"{name}.x = zext i32 {total} to i64",
                f"{name}.at = getelementptr {_IN_MEMORY[dtype]}, ptr %a{array}, i64 {name}.x",
                *_load(name[1:], dtype, f"{name}.at", self._alone(array))]

    def _power(self, name, type_, args, step):
        # The function of the C library itself, whatever LLVM knows of squares and roots.
        return [self._call(name, "pow" if step.dtype == "float64" else "powf", type_, args) + " nobuiltin"]

    # Memory: no stored array aliases another, so that loads may pass stores.

    def _store(self, i, value):
        dtype = self.loop.arrays[i]
        lines = []
        if dtype == "bool":
            lines, value = [f"%b{i} = zext i1 {value} to i8"], f"%b{i}"
        return [*lines, f"store {_IN_MEMORY[dtype]} {value}, ptr %a{i}.p, align {_SIZES[dtype]}{self._alone(i)}"]

    def _alone(self, i):
        """Return the metadata of the stores that an access of array `i` cannot alias."""
        own = f", !alias.scope !{self._scope(i, 'own')}" if i in self.loop.written else ""
        others = self.loop.written - {i}
        return own + (f", !noalias !{self._scope(i if own else -1, 'others')}" if others else "")

    def _scope(self, i, which):
        """Return the number of the metadata node of array `i`; -1 is all that are only read."""
        return 3 * (i + 2) + {"self": 0, "own": 1, "others": 2}[which]

    def _metadata(self):
        written = sorted(self.loop.written)
        lines = ["!0 = distinct !{!0}"] if written else []
        for i in written:
            node = self._scope(i, "self")
            lines += [f"!{node} = distinct !{{!{node}, !0}}", f"!{self._scope(i, 'own')} = !{{!{node}}}"]
        for i in (-1, *written):
            others = ", ".join(f"!{self._scope(k, 'self')}" for k in written if k != i)
            lines += [f"!{self._scope(i, 'others')} = !{{{others}}}"] if written else []
        if self._hint():
            lines += [f"!{_LOOP} = distinct !{{!{_LOOP}, !{_HINT}}}",
                      f'!{_HINT} = !{{!"llvm.loop.interleave.count", i32 1}}']
        return lines


def _load(name, dtype, pointer, alone):
    """Return the lines that read one element."""
    if dtype == "bool":
        return [f"%{name}.b = load i8, ptr {pointer}, align 1{alone}", f"%{name} = icmp ne i8 %{name}.b, 0"]
    return [f"%{name} = load {_TYPES[dtype]}, ptr {pointer}, align {_SIZES[dtype]}{alone}"]


def _signed(value, bits=64):
    """Return a number of `bits` bits as LLVM writes it."""
    return value - (1 << bits) if value >> (bits - 1) else value


def _literal(value, dtype):
    """Return a number in the one form that LLVM reads exactly: the bits of a double."""
    if dtype == "bool":
        return "true" if value else "false"
    if dtype == "float16":
        return f"0xH{np.float16(value).view(np.uint16):04X}"
    return f"0x{struct.unpack('<Q', struct.pack('<d', np.dtype(dtype).type(value).item()))[0]:016X}"
