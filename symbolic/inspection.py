"""What can be measured of a bound graph without a trace: time, memory and values."""

from ndarray.lazy import Later
from symbolic.engines.buffers import undoing

profiling, values = Later("symbolic.diagnostics.profile"), Later("symbolic.diagnostics.numerics")
using = Later("symbolic.diagnostics.memory")


class Inspection:
    """The part of `symbolic.executor.Executor` that looks at a step: whatever it runs, all arrays are then as before."""

    def profile(self, steps=20, is_train=False):
        """Measure what each node takes (engine ``eager``), or each fused loop.

        The steps are real, and undone: each starts from the arrays as they are now, and afterwards outputs, states,
        gradients and random states hold what they held.  This takes a copy of all that a step writes.  Monitors and
        `watch_finite` do not look on.

        Parameters
        ----------
        steps : int, optional
            How many are measured, piece by piece and whole in turns; one more, that warms up, is not counted.
        is_train : bool, optional
            Measure a training step: with gradients forward and back, where some are bound.

        Returns
        -------
        Profile
            Prints as a table; `symbolic.diagnostics.profile.Profile.rows` are its data, ``save("trace.json")`` writes it for
            Perfetto, and ``plot_network(symbol, overlays=[profile])`` draws it.

        Raises
        ------
        ParamError
            If `steps` is no positive whole number.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.1, name="step")
        >>> run = step.bind(args={"w": np.ones(8, "f4"), "g": np.ones(8, "f4")}, engine="eager")
        >>> profile = run.profile(steps=3)
        >>> [(row.name, row.calls, row.read, row.written) for row in profile.rows]
        [('step', 3, 64, 32), ('(results)', 3, 32, 32)]
        """
        with self._lock:
            runs, known = self._runs_of_a_step(bool(is_train))
            return profiling.measure([run.program for run in runs], steps, _undoing(runs), known)

    def numerics(self, is_train=False):
        """Look at every value of the step that `forward` would run next: least, most, norm, how many are not finite.

        The step is real, with the eager engine, and undone as in `profile`.  To look at the steps of a training as
        they come, see ``monitor(stat=symbolic.diagnostics.numerics.statistics)``.

        Parameters
        ----------
        is_train : bool, optional
            Look at a training step: with gradients forward and back, where some are bound.

        Returns
        -------
        Numerics
            Prints as a table; `symbolic.diagnostics.numerics.Numerics.rows` are its data, ``nonfinite`` those that are not
            finite, and ``plot_network(symbol, overlays=[numerics])`` draws it.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> run = sym.log(sym.var("x"), name="l").bind(args={"x": np.array([1.0, 0.0])})
        >>> [(row.name, row.of.infinite) for row in run.numerics().nonfinite]
        [('l_output', 1)]
        """
        with self._lock:
            runs, known = self._runs_of_a_step(bool(is_train))
            look = values.Collector(known)
            look.variables(self.graph.variables, self._arrays)

            def step():
                for run in runs:
                    run([look])
                look.variables(self.graph.auxiliary, self._arrays, " (new)")

            _undoing(runs)(step)
            return values.Numerics(look.rows)

    def memory(self, is_train=False):
        """Tell what memory a step takes: arrays that are bound, what lies in place of what, and temporary values.

        Nothing runs.

        Parameters
        ----------
        is_train : bool, optional
            Of a training step: with gradients forward and back, where some are bound.

        Returns
        -------
        MemoryUse
            Prints as a table; `symbolic.diagnostics.memory.MemoryUse.rows` are its data, and
            ``plot_network(symbol, overlays=[memory])`` draws it.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> step, w = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.1, name="step"), np.ones(8, "f4")
        >>> use = step.bind(args={"w": w, "g": np.ones(8, "f4")}, out={"step_output": w}).memory()
        >>> use.bound, use.in_place
        (64, {'step_output': 'w'})
        """
        with self._lock:
            runs, known = self._runs_of_a_step(bool(is_train))
            return using.memory_use(runs, self.graph, self.output_dict, self._arrays, known)

    def _runs_of_a_step(self, is_train):
        """Return what a step runs, and for its nodes those of the graph that was bound; the mode stays as it is."""
        if is_train and self._gradients():
            mode, self._mode = self._mode, True
            try:
                back = self._back_run(self._heads_expected())
            finally:
                self._mode = mode
            runs = [back.first, back.second]
        else:
            runs = [self._forward_run(is_train)]
        # A graph in training mode has other nodes, one for one and in the same order.
        return runs, dict(zip(runs[0].graph.nodes, self.graph.nodes, strict=True))


def _undoing(runs):
    return undoing([target for run in runs for target in run.targets])
