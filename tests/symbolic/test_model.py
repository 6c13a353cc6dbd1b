"""Checkpoints: a graph and its arrays in MXNet's two files."""

import os
import struct

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import FormatError, MXNetError, OperatorError, ParamError


@pytest.fixture
def model():
    net = sym.BatchNorm(sym.FullyConnected(sym.var("x"), num_hidden=3, name="fc"), name="bn")
    shapes = dict(zip(net.list_inputs(), (None, (3, 2), (3,), (3,), (3,), (3,), (3,))))
    arrays = {n: nd.array(np.full(s, i, "float32")) for i, (n, s) in enumerate(shapes.items()) if s}
    aux = {n: arrays.pop(n) for n in net.list_auxiliary_states()}
    return net, arrays, aux


def test_a_checkpoint_comes_back(tmp_path, model):
    net, args, aux = model
    sym.save_checkpoint(tmp_path / "m", 12, net, args, aux)
    assert sorted(os.listdir(tmp_path)) == ["m-0012.params", "m-symbol.json"]
    again, new_args, new_aux = sym.load_checkpoint(str(tmp_path / "m"), 12)
    assert again.tojson() == net.tojson()
    for old, new in ((args, new_args), (aux, new_aux)):
        assert list(old) == list(new)
        assert all((old[n].asnumpy() == new[n].asnumpy()).all() for n in old)


def test_names_in_the_file_are_prefixed(tmp_path, model):
    sym.save_checkpoint(tmp_path / "m", 0, *model)
    assert list(nd.load(tmp_path / "m-0000.params")) == (
        ["arg:fc_weight", "arg:fc_bias", "arg:bn_gamma", "arg:bn_beta", "aux:bn_moving_mean", "aux:bn_moving_var"])


def test_without_a_symbol_the_graph_stays(tmp_path, model):
    net, args, aux = model
    sym.save_checkpoint(tmp_path / "m", 1, net, args, aux)
    before = (tmp_path / "m-symbol.json").stat().st_mtime_ns
    sym.save_checkpoint(tmp_path / "m", 2, None, args)
    assert (tmp_path / "m-symbol.json").stat().st_mtime_ns == before
    assert sym.load_checkpoint(tmp_path / "m", 2)[2] == {}


@pytest.mark.parametrize("epoch", [-1, 1.0, True, "7", None])
def test_an_epoch_is_an_integer(tmp_path, model, epoch):
    for call in (lambda: sym.save_checkpoint(tmp_path / "m", epoch, *model),
                 lambda: sym.load_checkpoint(tmp_path / "m", epoch)):
        with pytest.raises(ParamError, match="epoch"):
            call()
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("change", [(0, "net"), (1, [1]), (1, {"w": np.ones(1)}), (2, [nd.ones(1)])])
def test_what_is_no_model_writes_nothing(tmp_path, model, change):
    parts = list(model)
    parts[change[0]] = change[1]
    with pytest.raises(OperatorError, match="save"):
        sym.save_checkpoint(tmp_path / "m", 0, *parts)
    assert not os.listdir(tmp_path)


def test_other_params_files_are_refused_by_name(tmp_path, model):
    model[0].save(tmp_path / "m-symbol.json")
    for arrays, words in (({"w": nd.ones(1)}, "'w' is not a parameter"), ([nd.ones(1)], "without name"),
                          ({"other:w": nd.ones(1)}, "other:w")):
        nd.save(tmp_path / "m-0000.params", arrays)
        with pytest.raises(FormatError, match=f"m-0000.params: .*{words}"):
            sym.load_checkpoint(tmp_path / "m", 0)


def test_a_model_without_arrays(tmp_path, model):
    sym.save_checkpoint(tmp_path / "m", 0, model[0], {})
    assert sym.load_checkpoint(tmp_path / "m", 0)[1:] == ({}, {})


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        sym.load_checkpoint(tmp_path / "nothing", 0)


def test_a_broken_file_is_named(tmp_path, model):
    sym.save_checkpoint(tmp_path / "m", 0, *model)
    (tmp_path / "m-0000.params").write_bytes(struct.pack("<QQQ", 0x112, 0, 5))
    with pytest.raises(MXNetError, match="m-0000.params: byte"):
        sym.load_checkpoint(tmp_path / "m", 0)


@pytest.mark.parametrize("epoch, name", [(np.int64(7), "m-0007.params"), (12345, "m-12345.params")])
def test_epochs_of_any_integer_type_and_length(tmp_path, epoch, name):
    sym.save_checkpoint(tmp_path / "m", epoch, sym.exp(sym.var("w"), name="e"), {"w": nd.ones(2)})
    assert (tmp_path / name).exists()
    _, params, _ = sym.load_checkpoint(tmp_path / "m", epoch)
    assert params["w"].tolist() == [1.0, 1.0]


def test_bfloat16_stays_where_it_is_asked_for(tmp_path):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    prefix = tmp_path / "net"
    weight = nd.array([1.5, -2.0], dtype="bfloat16")
    sym.save_checkpoint(prefix, 0, sym.exp(sym.var("w"), name="net"), {"w": weight}, {"s": weight})
    for asked, dtype in ((False, np.dtype("float32")), (True, np.dtype(ml_dtypes.bfloat16))):
        _, args, aux = sym.load_checkpoint(prefix, 0, bfloat16=asked)
        assert {a._data.dtype for a in (args["w"], aux["s"])} == {dtype}
        assert args["w"].astype("float32").tolist() == [1.5, -2.0]
