"""What the table of docs/mxnet.rst states holds: here, and in MXNet 1.9.1 where ``MXNET_PYTHON`` names an interpreter."""

import json
import os
import re
import subprocess
import textwrap
from pathlib import Path

import numpy as np
import pytest

import ndarray
import symbolic

PAGE = (Path(__file__).parents[1] / "docs/mxnet.rst").read_text(encoding="utf-8")

# How the first cell of a row begins; what is tried; what comes here, and there: a value or the name of an error.
CASES = [
    ("``sym.signsgd_update(w, g, lr=0.1)``", "sym.signsgd_update(w, g, lr=0.1).list_arguments()", ["w", "g"], "MXNetError"),
    ("``lr=sym.var(\"lr\")``", "sym.lamb_update_phase2(w, g, sym.var('a'), sym.var('b'), lr=sym.var('lr')).list_arguments()",
     ["w", "g", "a", "b", "lr"], "MXNetError"),
    ("``nd.signsgd_update(w, g, lr=nd.array", "nd.signsgd_update(nd.ones(1), nd.ones(1), lr=nd.array([0.5])).asnumpy().tolist()",
     [0.5], "MXNetError"),
    ("``lr=float(\"nan\")``", "str(nd.sgd_update(nd.ones(1), nd.ones(1), lr=float('nan')).asnumpy()[0])", "ParamError", "nan"),
    ("``symbol.gradient", "len((w * g).gradient(['w']))", 1, "MXNetError"),
    ("``bind(…, out=", "(w + g).bind(nd_cpu, {'w': nd.ones(1), 'g': nd.ones(1)}, out={}).forward()[0].asnumpy().tolist()",
     [2.0], "TypeError"),
    ("``bind`` of NumPy arrays", "(w + g).bind(nd_cpu, {'w': np.ones(1), 'g': np.ones(1)}).forward()[0].asnumpy().tolist()",
     [2.0], "TypeError"),
    ("``bind`` without a context", "(w + g).bind(args={'w': nd.ones(1), 'g': nd.ones(1)}).forward()[0].asnumpy().tolist()",
     [2.0], "TypeError"),
    ("two variables of one name", "(w + sym.var('w')).bind(nd_cpu, {'w': nd.ones(1)})", "BindError", "MXNetError"),
    ("``infer_shape((2, 3))``", "(w + g).infer_shape((2, 3))[1]", [[2, 3]], "MXNetError"),
    ("``symbol[-1]``", "sym.Group([w, g])[-1].name", "g", "MXNetError"),
    ("``nd.reshape(x", "nd.reshape(nd.arange(6), shape=(2, 2)).asnumpy().tolist()", "ShapeError", [[0, 1], [2, 3]]),
    ("``multi_sum_sq``", "bool(abs(nd.multi_sum_sq(nd.array(many), num_arrays=1).asnumpy()[0] / exact - 1) < 1e-7)", True, False),
    ("``all_finite``", "int(nd.all_finite(nd.array([1e300], dtype='float64')).asnumpy()[0])", 1, 0),
    ("``nd.argmax(x, axis=1)``", "nd.argmax(last, axis=1).asnumpy().tolist()", "DTypeError", [43]),
    ("``nd.square(x, foo=1)``", "nd.square(nd.ones(1), foo=1).asnumpy().tolist()", "OperatorError", [1.0]),
    ("``nd.sqrt(x)`` of integers", "nd.sqrt(nd.array([5], dtype='int32')).asnumpy().tolist()", "DTypeError", [2]),
    ("``log_softmax(x, use_length=True)``", "nd.log_softmax(nd.ones((2, 3)), use_length=True).shape", "ParamError",
     "MXNetError"),
    ("``nd.Pooling(x, pool_type=\"lp\", p_value=3, …)``",
     "round(float(nd.Pooling(nd.array([[[1, -2]]]), kernel=(2,), pool_type='lp', p_value=3).asnumpy().item()), 2)", 2.08, -1.91),
    ("``contrib.adamw_update", "adamw()", [1.0], [2.0]),
    ("``executor.grad_dict``", "(w + g).bind(nd_cpu, {'w': nd.ones(1), 'g': nd.ones(1)}).grad_dict", {"w": None, "g": None},
     "TypeError"),
    ("``float(x)``", "float(nd.array([1.5]))", 1.5, "TypeError"),
    ("``x == None``", "nd.ones(1) == None", False, "TypeError"),
]

TRY = textwrap.dedent("""
    def attempt(nd, sym, nd_cpu, np, codes):
        w, g = sym.var("w"), sym.var("g")
        many = np.random.RandomState(0).rand(100000).astype("float32")
        exact = (many.astype("float64") ** 2).sum()

        last = nd.zeros((1, 300), dtype="uint8")
        last[0, 299] = 1

        def adamw():
            grad = nd.ones(1)
            nd.contrib.adamw_update(nd.ones(1), grad, nd.zeros(1), nd.zeros(1), nd.array([2.0]), lr=0.1, eta=1.0)
            nd.waitall()  # MXNet takes the gradient for one that is only read: nobody waits for the writing
            return grad.asnumpy().tolist()

        found = []
        for code in codes:
            try:
                found.append(eval(code, globals() | locals()))
            except Exception as error:
                found.append(type(error).__name__)
        return found
""")


def rows():
    """Return the first cells of the table."""
    table = PAGE[PAGE.index("* - What you write"):PAGE.index("Beyond single calls")]
    return re.findall(r"^   \* - (.*)", table, re.M)


def test_every_row_is_tried():
    untried = [row for row in rows() if not any(row.startswith(start) for start, *_ in CASES)]
    assert untried == ["``plot_network``"], "pictures have tests of their own"
    assert len(rows()) == len(CASES) + 1


def test_what_is_said_of_this_library():
    space = {}
    exec(TRY, space)
    found = space["attempt"](ndarray, symbolic, ndarray.cpu(), np, [code for _, code, *_ in CASES])
    assert json.loads(json.dumps(found)) == [here for *_, here, _ in CASES]


@pytest.mark.skipif("MXNET_PYTHON" not in os.environ, reason="MXNET_PYTHON names no interpreter that has MXNet")
def test_what_is_said_of_mxnet():
    program = TRY + textwrap.dedent("""
        import json, sys, mxnet as mx, numpy as np
        print(json.dumps(attempt(mx.nd, mx.sym, mx.cpu(), np, json.load(sys.stdin))))
    """)
    done = subprocess.run([os.environ["MXNET_PYTHON"], "-W", "ignore", "-c", program], capture_output=True, text=True,
                          input=json.dumps([code for _, code, *_ in CASES]))
    assert json.loads(done.stdout.splitlines()[-1]) == [there for *_, there in CASES], done.stderr
