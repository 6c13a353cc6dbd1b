"""Batch normalisation of float16 data beside float32 parameters, as MXNet's cast networks have them."""

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import DTypeError


@pytest.mark.parametrize("name", ["BatchNorm", "BatchNorm_v1"])
def test_parameters_of_float16_data_are_float32(name):
    net = getattr(sym, name)(sym.var("x"), name="n")
    for given, rest in (("float16", "float32"), ("float32", "float32"), ("float64", "float64")):
        arguments, outputs, states = net.infer_type(x=given)
        assert [np.dtype(t) for t in arguments] == [given, rest, rest] and np.dtype(outputs[0]) == given
        assert [np.dtype(t) for t in states] == [rest, rest]
    alone = net.infer_type(x="float16", n_gamma="float16")
    assert {np.dtype(t) for types in alone for t in types} == {np.dtype("float16")}
    with pytest.raises(DTypeError, match="gamma"):
        net.infer_type(x="float64", n_gamma="float32")


def test_a_file_that_says_so_is_bound_and_trained_in_every_engine():
    """Values are MXNet 1.9.1's."""
    file = sym.load_json(sym.BatchNorm(sym.var("x", dtype="float16"), *[
        sym.var(f"n_{part}", dtype="float32") for part in ("gamma", "beta", "moving_mean", "moving_var")],
        fix_gamma=False, name="n").tojson())
    for engine in ("eager", "fused"):
        x = nd.array([[1, 2, 3], [4, 5, 7]], dtype="float16")
        run = file.simple_bind(x=(2, 3), engine=engine)
        run.copy_params_from({"x": x, "n_gamma": nd.array([1, 2, 3]), "n_beta": nd.array([0.5, 0.25, 0])},
                             {"n_moving_mean": nd.zeros(3), "n_moving_var": nd.ones(3)})
        out, = run.forward(is_train=True)
        assert out.dtype == np.float16
        np.testing.assert_allclose(out.asnumpy(), [[-0.49951, -1.74902, -3], [1.5, 2.25, 3]], rtol=1e-3)
        run.backward(nd.array([[1, 2, 3], [2, 1, 1]], dtype="float16"))
        assert run.grad_dict["x"].dtype == np.float16 and run.grad_dict["n_gamma"].dtype == np.float32
        np.testing.assert_allclose(run.grad_dict["n_gamma"].asnumpy(), [0.9997779, -0.9997779, -1.99975], rtol=1e-3)
        np.testing.assert_allclose(run.aux_dict["n_moving_mean"].asnumpy(), [0.25, 0.35, 0.5], rtol=1e-6)
        np.testing.assert_allclose(run.aux_dict["n_moving_var"].asnumpy(), [1.125, 1.125, 1.3], rtol=1e-6)
