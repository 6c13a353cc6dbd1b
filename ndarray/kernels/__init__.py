"""Elementwise computations as machine code, or as NumPy in tiles where there is no compiler.

A step goes through six stages, each a file, on its way from an operator's body to threads::

    record -> flow -> cluster -> bind -> table | tiles
               what     when     where    how

`record`: an ``xp`` that writes down what a body computes, or refuses what a loop cannot do.

>>> import numpy as np
>>> from ndarray.kernels.record import Recorder
>>> xp = Recorder()
>>> weight, grad = [xp.input(name, np.dtype("float32"), (6,)) for name in ("weight", "grad")]
>>> new = weight - 0.5 * xp.sign(grad)

`flow`: these instructions, the calls that no loop can do, and the buffers that results go to.

>>> from ndarray.kernels.flow import Flow, Sink
>>> flow = Flow(xp.instructions, calls=[], sinks=(Sink("weight", new.id),))
>>> print(flow)
%0 = input(weight) : float32[6]
%1 = input(grad) : float32[6]
%2 = sign(%1) : float32[6]
%3 = constant(0.5) : float32[]
%4 = multiply(%3, %2) : float32[6]
%5 = subtract(%0, %4) : float32[6]
weight <- %5

`cluster`: the flow becomes a `schedule`, phases of loops; its docstring shows several phases.  A `loop` is data
without arrays, so tensors that are updated alike share one.

>>> from ndarray.kernels.cluster import cluster
>>> schedule = cluster(flow)
>>> print(schedule)
phase 0
  6 x 6 steps over buffer weight, buffer grad
>>> print(schedule.phases[0][0].loop)
loop over float32, float32; scalars none
  %0 = load(0) : float32
  %1 = constant(0.5) : float32
  %2 = load(1) : float32
  %3 = sign(%2) : float32
  %4 = multiply(%1, %3) : float32
  %5 = subtract(%0, %4) : float32
  array 0 <- %5

`bind`: the schedule meets memory: the caller's arrays (`buffers` numbers them and finds aliases), and one block for
temporary values (`memory` finds which may share).  `tiles` runs the loops by NumPy, whose calls `words` binds; `table`
runs them in machine code, which `llvm` writes, `machine_code` compiles and keeps on disk, and `driver` calls on several
`workers`.

>>> from ndarray.kernels.bind import Binding
>>> from ndarray.kernels.tiles import TileTable
>>> arrays = {"weight": np.ones(6, np.float32), "grad": np.arange(6, dtype=np.float32) - 2}
>>> step, = Binding(schedule, flow, arrays, TileTable).steps
>>> step()
>>> arrays["weight"]
array([1.5, 1.5, 1. , 0.5, 0.5, 0.5], dtype=float32)

What is more than elementwise arithmetic is a call between loops: `opened` records updates that have some, `product`
multiplies matrices, `axes` reduces along axes.

Two callers use the room: `call` runs one eager operator (`look` finds out whether a call comes again), and the fused
engine of graphs a whole step.  `report` counts and describes a bound schedule.
"""
