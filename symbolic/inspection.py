"""What can be measured of a bound graph without a trace: time, memory and values."""

from symbolic.bound import undoing
from symbolic.later import Later

profiling = Later("symbolic.show.profile")


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
            Prints as a table; `symbolic.show.profile.Profile.rows` are its data, ``save("trace.json")`` writes it for
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
            runs = self._runs_of_a_step(bool(is_train))
            targets = [target for run in runs for target in run.targets]
            # A graph in training mode has other nodes, one for one and in the same order.
            known = dict(zip(runs[0].graph.nodes, self.graph.nodes, strict=True))
            return profiling.measure([run.program for run in runs], steps, undoing(targets), known)

    def _runs_of_a_step(self, is_train):
        """Return what a step runs; the executor stays in the mode it is in."""
        if not (is_train and self._gradients()):
            return [self._forward_run(is_train)]
        mode, self._mode = self._mode, True
        try:
            back = self._back_run(self._heads_expected())
        finally:
            self._mode = mode
        return [back.first, back.second]
