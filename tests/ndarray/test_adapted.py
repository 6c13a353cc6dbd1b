"""`split_v2` and `histogram`, whose arguments are not those of their operator."""

import json

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import ParamError, ShapeError

X = nd.arange(12).reshape((6, 2))


@pytest.mark.parametrize("cuts", [3, 1, 6, (2,), (0, 2, 2, 6), [1, 5], (), np.int64(2)])
@pytest.mark.parametrize("axis", [0, -2])
def test_parts_are_numpys(cuts, axis):
    expected = np.split(X.asnumpy(), cuts, axis)
    eager = nd.split_v2(X, cuts, axis)
    eager = eager if isinstance(eager, list) else [eager]
    bound = sym.split_v2(sym.var("x"), cuts, axis=axis).bind(args={"x": X}).forward()
    for found in (eager, bound):
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a.asnumpy(), b)


def test_an_axis_is_dropped():
    assert [p.shape for p in nd.split_v2(X, 2, axis=1, squeeze_axis=True)] == [(6,), (6,)]
    assert sym.split_v2(sym.var("x"), 6, squeeze_axis=True).infer_shape(x=(6, 2))[1] == [(2,)] * 6


@pytest.mark.parametrize("package, x", [(nd, X), (sym, sym.var("x", shape=(6, 2)))])
def test_cuts_that_are_refused(package, x):
    for cuts in (True, "2", None, 0, -1):
        with pytest.raises(ParamError, match="split_v2"):
            package.split_v2(x, cuts)
    for cuts in (4, (2, 10), (4, 2)):
        with pytest.raises(ShapeError):
            package.Group([package.split_v2(x, cuts)]).infer_shape() if package is sym else package.split_v2(x, cuts)


def test_a_node_is_mxnets():
    for symbol, attrs in ((sym.split_v2(sym.var("x"), (2, 3), axis=1, name="parts"),
                           {"axis": "1", "indices": "(0, 2, 3)", "squeeze_axis": "False", "sections": "0"}),
                          (sym.histogram(sym.var("x"), 4, (0, 2), name="parts"), {"bin_cnt": "4", "range": "(0, 2)"})):
        node = json.loads(symbol.tojson())["nodes"][-1]
        assert node["name"] == "parts" and {k: v.replace(".0", "") for k, v in node["attrs"].items()} == attrs


@pytest.mark.parametrize("x", [X, X.astype("int32"), nd.ones(3), nd.zeros((0,)), nd.array([1, -2.5, 7, 3], dtype="float64")])
@pytest.mark.parametrize("bins", [3, 10])
def test_a_histogram_without_range_is_numpys(x, bins):
    counts, edges = nd.histogram(x, bins)
    expected = np.histogram(x.asnumpy(), bins)
    assert counts.dtype == np.int64 and edges.dtype in (np.float32, np.float64)
    np.testing.assert_array_equal(counts.asnumpy(), expected[0])
    np.testing.assert_allclose(edges.asnumpy(), expected[1], rtol=1e-6)


def test_a_histogram_of_a_range_or_edges():
    edges = nd.array([0, 1, 4, 11])
    for bins, more, args in ((4, {"range": (0, 8)}, {}), (edges, {}, {"e": edges})):
        expected = np.histogram(X.asnumpy(), bins.asnumpy() if args else bins, **more)
        eager = nd.histogram(X, bins, **more)
        bound = sym.histogram(sym.var("x"), sym.var("e") if args else bins, **more).bind(args={"x": X} | args).forward()
        for found in (eager, bound):
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_array_equal(a.asnumpy(), b)
    assert [x.shape for x in nd.histogram(X)] == [(10,), (11,)]


def test_histograms_that_are_refused():
    for bins in (True, 2.5, [1, 2], None):
        for package, x in ((nd, X), (sym, sym.var("x"))):
            with pytest.raises(ParamError, match="histogram: expected a number of bins"):
                package.histogram(x, bins, (0, 1))
    with pytest.raises(ParamError, match=r"needs range=\(first, last\)"):
        sym.histogram(sym.var("x"), 3)
    with pytest.raises(ParamError, match="histogram"):
        nd.histogram(nd.array([1, float("nan")]), 3)
    with pytest.raises(ParamError):
        nd.histogram(X, 0)
