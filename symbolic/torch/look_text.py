"""The LLVM text of a look at torch's tensors, and where in their memory it finds what."""

from __future__ import annotations

from typing import NamedTuple

from ndarray.kernels.look import ITEMS, SIZE, TYPE
from ndarray.kernels.machine_code import PLAIN

HEAD = ("tensors", "storage")
"""The first words of records, before the addresses of each tensor's: how many there are, the C++ class of storages."""
RECORD = ("type", "class", "axes", "keys", "dtype", "bytes", "odd", "some")
"""The words of a tensor's record, before its lengths and its strides: type of the object, C++ class, number of axes,
dispatch keys, dtype, bytes of an element; the bits of an address that are 0, and those that count, none without
elements."""
_STAGES, _AHEAD = 5, 8
"""How many stages there are of fetching ahead, and how many tensors lie between two of them."""


class Layout(NamedTuple):
    """Words into torch's objects: of a Python object, of the tensor's object in C++, and of its storage's.

    `checked` is a byte of the storage that is not 0 where who writes has to ask first, and `inline` the number of axes
    up to which lengths and strides are in the tensor; `kind` and `impl` are the C++ classes of storages and of plain
    tensors, which are at other addresses in each process.  `object` is where the tensor in C++ has the Python object,
    `autograd` where it has what autograd knows of it, null where that is nothing, and `grad` where that has the
    gradient: what is there is only fetched ahead, and no result depends on it.
    """

    cell: int
    storage: int
    axes: int
    inline: int
    offset: int
    dtype: int
    keys: int
    data: int
    checked: int
    kind: int
    impl: int
    object: int
    autograd: int
    grad: int


def _fetched(*pointers: str) -> str:
    return "\n".join([f"  call void @llvm.prefetch.p0(ptr {pointer}, i32 0, i32 3, i32 1)" for pointer in pointers])


def _stage(name: str, distance: int, text: str, after: str, layout: Layout) -> str:
    """Return the text that does `text` with ``%{name}.impl``, that of a later tensor, then goes to `after`.

    An object of another type is left alone: what is there in its memory may not be an address.
    """
    return f"""\
  %{name} = add i64 %k, {distance * _AHEAD}
  %{name}.in = icmp ult i64 %{name}, %n
  br i1 %{name}.in, label %{name}.look, label %{after}
{name}.look:
  %{name}.at = getelementptr ptr, ptr %items, i64 %{name}
  %{name}.item = load ptr, ptr %{name}.at
  %{name}.r.at = getelementptr ptr, ptr %pointers, i64 %{name}
  %{name}.r = load ptr, ptr %{name}.r.at
  %{name}.type.at = getelementptr i64, ptr %{name}.item, i64 {TYPE}
  %{name}.type = load i64, ptr %{name}.type.at
  %{name}.is = load i64, ptr %{name}.r
  %{name}.fits = icmp eq i64 %{name}.type, %{name}.is
  br i1 %{name}.fits, label %{name}.fetch, label %{after}
{name}.fetch:
  %{name}.cell = getelementptr ptr, ptr %{name}.item, i64 {layout.cell}
  %{name}.impl = load ptr, ptr %{name}.cell
  %{name}.nothing = icmp eq ptr %{name}.impl, null
  br i1 %{name}.nothing, label %{after}, label %{name}.there
{name}.there:
{text}
  br label %{after}
"""


def _gradient(name: str, text: str, after: str, layout: Layout) -> str:
    """Return what does `text` where ``%{name}.impl`` has a gradient, ``%{name}.grad``, and goes to `after` else."""
    return f"""\
  %{name}.meta.at = getelementptr ptr, ptr %{name}.impl, i64 {layout.autograd}
  %{name}.meta = load ptr, ptr %{name}.meta.at
  %{name}.plain = icmp eq ptr %{name}.meta, null
  br i1 %{name}.plain, label %{after}, label %{name}.meta.there
{name}.meta.there:
  %{name}.grad.at = getelementptr ptr, ptr %{name}.meta, i64 {layout.grad}
  %{name}.grad = load ptr, ptr %{name}.grad.at
  %{name}.without = icmp eq ptr %{name}.grad, null
  br i1 %{name}.without, label %{after}, label %{name}.grad.there
{name}.grad.there:
{text}"""


def _stages(layout: Layout) -> str:
    """Return the text that fetches what is read later, each stage some tensors after the one that it needs.

    After a backward pass nothing of a model's tensors is in the caches; one by one they would all be waited for.
    """
    def near(of):
        lines = [f"  {of}.line.{at} = getelementptr i8, ptr {of}, i64 {at}" for at in (0, 64, 128)]
        return "\n".join([*lines, _fetched(*[f"{of}.line.{at}" for at in (0, 64, 128)])])

    words = range(layout.storage, layout.axes)  # pointers, or null
    own = "\n".join([f"""\
  %own.{k}.at = getelementptr ptr, ptr %own.impl, i64 {k}
  %own.{k} = load ptr, ptr %own.{k}.at""" for k in words] + [_fetched(*[f"%own.{k}" for k in words])])
    object_ = f"""\
  %python.at = getelementptr ptr, ptr %object.grad, i64 {layout.object}
  %python = load ptr, ptr %python.at
{_fetched("%python")}"""
    return f"""\
  %far = add i64 %k, {_STAGES * _AHEAD}
  %far.in = icmp ult i64 %far, %n
  br i1 %far.in, label %far.fetch, label %near.begin
far.fetch:
  %far.at = getelementptr ptr, ptr %items, i64 %far
  %far.item = load ptr, ptr %far.at
{_fetched("%far.item")}
  br label %near.begin
near.begin:
{_stage("near", 4, near("%near.impl"), "own.begin", layout)}
own.begin:
{_stage("own", 3, own, "grad.begin", layout)}
grad.begin:
{_stage("grad", 2, _gradient("grad", near("%grad.grad"), "object.begin", layout), "object.begin", layout)}
object.begin:
{_stage("object", 1, _gradient("object", object_, "here", layout), "here", layout)}"""


def text_of(layout: Layout) -> str:
    """Return the text of ``tensors`` and ``holds``, see `symbolic.torch.look.Looks`."""
    r = {word: f"getelementptr i64, ptr %r, i64 {k}" for k, word in enumerate(RECORD)}
    return PLAIN + f"""
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)

define i64 @tensors(ptr %tuple, ptr %records, ptr %addresses) nounwind {{
entry:
  %size.at = getelementptr i64, ptr %tuple, i64 {SIZE}
  %size = load i64, ptr %size.at
  %n = load i64, ptr %records
  %fits = icmp eq i64 %size, %n
  %items = getelementptr i64, ptr %tuple, i64 {ITEMS}
  %kind.at = getelementptr i64, ptr %records, i64 {HEAD.index("storage")}
  %kind.is = load i64, ptr %kind.at
  %pointers = getelementptr i64, ptr %records, i64 {len(HEAD)}
  br i1 %fits, label %loop, label %no
loop:
  %k = phi i64 [ {-_STAGES * _AHEAD}, %entry ], [ %k1, %next ]
  %more = icmp slt i64 %k, %n
  br i1 %more, label %ahead, label %yes
ahead:
{_stages(layout)}
here:
  %before = icmp slt i64 %k, 0
  br i1 %before, label %next, label %one
one:
  %item.at = getelementptr ptr, ptr %items, i64 %k
  %item = load ptr, ptr %item.at
  %r.at = getelementptr ptr, ptr %pointers, i64 %k
  %r = load ptr, ptr %r.at
  %type.at = getelementptr i64, ptr %item, i64 {TYPE}
  %type = load i64, ptr %type.at
  %type.is = load i64, ptr %r
  %same.type = icmp eq i64 %type, %type.is
  br i1 %same.type, label %inner, label %no
inner:
  %cell = getelementptr ptr, ptr %item, i64 {layout.cell}
  %impl = load ptr, ptr %cell
  %nothing = icmp eq ptr %impl, null
  br i1 %nothing, label %no, label %facts
facts:
  %class = load i64, ptr %impl
  %r.class = {r["class"]}
  %class.is = load i64, ptr %r.class
  %ok.class = icmp eq i64 %class, %class.is
  br i1 %ok.class, label %plain, label %no
plain:
  %axes.at = getelementptr i64, ptr %impl, i64 {layout.axes}
  %axes = load i64, ptr %axes.at
  %r.axes = {r["axes"]}
  %axes.is = load i64, ptr %r.axes
  %ok.axes = icmp eq i64 %axes, %axes.is
  %keys.at = getelementptr i64, ptr %impl, i64 {layout.keys}
  %keys = load i64, ptr %keys.at
  %r.keys = {r["keys"]}
  %keys.is = load i64, ptr %r.keys
  %ok.keys = icmp eq i64 %keys, %keys.is
  %ok.1 = and i1 %ok.axes, %ok.keys
  %dtype.at = getelementptr i16, ptr %impl, i64 {layout.dtype}
  %dtype.word = load i16, ptr %dtype.at
  %dtype = zext i16 %dtype.word to i64
  %r.dtype = {r["dtype"]}
  %dtype.is = load i64, ptr %r.dtype
  %ok.dtype = icmp eq i64 %dtype, %dtype.is
  %ok.2 = and i1 %ok.1, %ok.dtype
  %storage.at = getelementptr ptr, ptr %impl, i64 {layout.storage}
  %storage = load ptr, ptr %storage.at
  %has.storage = icmp ne ptr %storage, null
  %ok.3 = and i1 %ok.2, %has.storage
  br i1 %ok.3, label %stored, label %no
stored:
  %kind = load i64, ptr %storage
  %ok.kind = icmp eq i64 %kind, %kind.is
  %checked.at = getelementptr i8, ptr %storage, i64 {layout.checked}
  %checked = load i8, ptr %checked.at
  %unchecked = icmp eq i8 %checked, 0
  %ok.4 = and i1 %ok.kind, %unchecked
  br i1 %ok.4, label %form, label %no
form:
  %inside = getelementptr i64, ptr %axes.at, i64 1
  %outside = load ptr, ptr %inside
  %few = icmp sle i64 %axes, {layout.inline}
  %shape = select i1 %few, ptr %inside, ptr %outside
  %beyond = select i1 %few, i64 {layout.inline}, i64 %axes
  %strides = getelementptr i64, ptr %shape, i64 %beyond
  %r.shape = getelementptr i64, ptr %r, i64 {len(RECORD)}
  %r.strides = getelementptr i64, ptr %r.shape, i64 %axes
  br label %axis
axis:
  %d = phi i64 [ 0, %form ], [ %d1, %length ]
  %more.axes = icmp slt i64 %d, %axes
  br i1 %more.axes, label %length, label %where
length:
  %length.at = getelementptr i64, ptr %shape, i64 %d
  %length.now = load i64, ptr %length.at
  %length.was.at = getelementptr i64, ptr %r.shape, i64 %d
  %length.was = load i64, ptr %length.was.at
  %ok.length = icmp eq i64 %length.now, %length.was
  %stride.at = getelementptr i64, ptr %strides, i64 %d
  %stride.now = load i64, ptr %stride.at
  %stride.was.at = getelementptr i64, ptr %r.strides, i64 %d
  %stride.was = load i64, ptr %stride.was.at
  %ok.stride = icmp eq i64 %stride.now, %stride.was
  %ok.axis = and i1 %ok.length, %ok.stride
  %d1 = add i64 %d, 1
  br i1 %ok.axis, label %axis, label %no
where:
  %data.at = getelementptr i64, ptr %storage, i64 {layout.data}
  %data = load i64, ptr %data.at
  %offset.at = getelementptr i64, ptr %impl, i64 {layout.offset}
  %offset = load i64, ptr %offset.at
  %r.bytes = {r["bytes"]}
  %bytes = load i64, ptr %r.bytes
  %far.in.bytes = mul i64 %offset, %bytes
  %start = add i64 %data, %far.in.bytes
  %r.some = {r["some"]}
  %some = load i64, ptr %r.some
  %address = and i64 %start, %some
  %r.odd = {r["odd"]}
  %odd = load i64, ptr %r.odd
  %misaligned = and i64 %address, %odd
  %aligned = icmp eq i64 %misaligned, 0
  br i1 %aligned, label %written, label %no
written:
  %out.at = getelementptr i64, ptr %addresses, i64 %k
  store i64 %address, ptr %out.at
  br label %next
next:
  %k1 = add i64 %k, 1
  br label %loop
yes:
  ret i64 1
no:
  ret i64 0
}}

define i64 @holds(ptr %dicts, ptr %keys, ptr %values, ptr %get) nounwind {{
; The values of the first dictionary come first, in the order of the keys.
entry:
  %n.at = getelementptr i64, ptr %dicts, i64 {SIZE}
  %n = load i64, ptr %n.at
  %m.at = getelementptr i64, ptr %keys, i64 {SIZE}
  %m = load i64, ptr %m.at
  %size.at = getelementptr i64, ptr %values, i64 {SIZE}
  %size = load i64, ptr %size.at
  %nm = mul i64 %n, %m
  %fits = icmp eq i64 %size, %nm
  br i1 %fits, label %loop, label %no
loop:
  %k = phi i64 [ 0, %entry ], [ %k1, %next ]
  %at = phi i64 [ {ITEMS}, %entry ], [ %at.key, %next ]
  %more = icmp slt i64 %k, %n
  br i1 %more, label %one, label %yes
one:
  %place = add i64 %k, {ITEMS}
  %dict.at = getelementptr ptr, ptr %dicts, i64 %place
  %dict = load ptr, ptr %dict.at
  br label %key
key:
  %j = phi i64 [ 0, %one ], [ %j1, %found ]
  %at.key = phi i64 [ %at, %one ], [ %at1, %found ]
  %more.keys = icmp slt i64 %j, %m
  br i1 %more.keys, label %look, label %next
look:
  %key.place = add i64 %j, {ITEMS}
  %key.at = getelementptr ptr, ptr %keys, i64 %key.place
  %key.is = load ptr, ptr %key.at
  %value = call ptr %get(ptr %dict, ptr %key.is)
  %value.at = getelementptr ptr, ptr %values, i64 %at.key
  %value.was = load ptr, ptr %value.at
  %same = icmp eq ptr %value, %value.was
  %j1 = add i64 %j, 1
  %at1 = add i64 %at.key, 1
  br i1 %same, label %found, label %no
found:
  br label %key
next:
  %k1 = add i64 %k, 1
  br label %loop
yes:
  ret i64 1
no:
  ret i64 0
}}
"""
