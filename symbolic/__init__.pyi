"""What `symbolic` exports, for type checkers.

Made by ``python -m docs.extensions.stubs`` from the operators' declarations.
"""

from collections.abc import Sequence
from typing import Literal, overload

from ndarray.kernels.threads import get_num_threads as get_num_threads
from ndarray.kernels.threads import set_num_threads as set_num_threads
from ndarray.typing import DTypeLike, Number, ShapeLike
from symbolic import autograd as autograd
from symbolic import contrib as contrib
from symbolic import linalg as linalg
from symbolic import model as model
from symbolic import op as op
from symbolic import optimizers as optimizers
from symbolic import parity as parity
from symbolic import random as random
from symbolic import sparse as sparse
from symbolic import symbol as symbol
from symbolic.adapted import histogram as histogram
from symbolic.adapted import split_v2 as split_v2
from symbolic.create import Group as Group
from symbolic.create import Variable as Variable
from symbolic.create import arange as arange
from symbolic.create import eye as eye
from symbolic.create import full as full
from symbolic.create import linspace as linspace
from symbolic.create import load as load
from symbolic.create import load_json as load_json
from symbolic.create import ones as ones
from symbolic.create import var as var
from symbolic.create import zeros as zeros
from symbolic.executor import Executor as Executor
from symbolic.graph import attributes as _attribute
from symbolic.graph import naming as _name
from symbolic.graph.attributes import AttrScope as AttrScope
from symbolic.graph.naming import NameManager as NameManager
from symbolic.graph.naming import Prefix as Prefix
from symbolic.model import load_checkpoint as load_checkpoint
from symbolic.model import save_checkpoint as save_checkpoint
from symbolic.save.onnx.save import save_onnx as save_onnx
from symbolic.show.diff import diff as diff
from symbolic.show.plot import plot_network as plot_network
from symbolic.show.summary import print_summary as print_summary
from symbolic.symbol import Symbol as Symbol
from symbolic.symbol import gradient as gradient

attribute = _attribute
name = _name

@overload
def hypot(left: Number, right: Number) -> float:
    """Return the hypotenuse of two values, element by element; they do not broadcast."""

@overload
def hypot(left: Symbol, right: Symbol | Number) -> Symbol: ...

@overload
def hypot(left: Number, right: Symbol) -> Symbol: ...

@overload
def maximum(left: Number, right: Number) -> float:
    """Return the larger of two values, element by element; they do not broadcast."""

@overload
def maximum(left: Symbol, right: Symbol | Number) -> Symbol: ...

@overload
def maximum(left: Number, right: Symbol) -> Symbol: ...

@overload
def minimum(left: Number, right: Number) -> float:
    """Return the smaller of two values, element by element; they do not broadcast."""

@overload
def minimum(left: Symbol, right: Symbol | Number) -> Symbol: ...

@overload
def minimum(left: Number, right: Symbol) -> Symbol: ...

@overload
def pow(left: Number, right: Number) -> float:
    """Return the power of two values, element by element; they do not broadcast."""

@overload
def pow(left: Symbol, right: Symbol | Number) -> Symbol: ...

@overload
def pow(left: Number, right: Symbol) -> Symbol: ...

@overload
def power(left: Number, right: Number) -> float:
    """Return the power of two values, element by element; they do not broadcast."""

@overload
def power(left: Symbol, right: Symbol | Number) -> Symbol: ...

@overload
def power(left: Number, right: Symbol) -> Symbol: ...

def Activation(
        data: Symbol | None = None, *, act_type: Literal['relu', 'sigmoid', 'softrelu', 'softsign', 'tanh'],
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Activation function, element by element."""

def BatchNorm(
        data: Symbol | None = None, gamma: Symbol | None = None, beta: Symbol | None = None,
        moving_mean: Symbol | None = None, moving_var: Symbol | None = None, *, eps: float = 0.001,
        momentum: float = 0.9, fix_gamma: bool = True, use_global_stats: bool = False, output_mean_var: bool = False,
        axis: int = 1, cudnn_off: bool = False, min_calib_range: float | None = None,
        max_calib_range: float | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Normalise each channel by its mean and variance over the batch."""

def BatchNorm_v1(
        data: Symbol | None = None, gamma: Symbol | None = None, beta: Symbol | None = None,
        moving_mean: Symbol | None = None, moving_var: Symbol | None = None, *, eps: float = 0.001,
        momentum: float = 0.9, fix_gamma: bool = True, use_global_stats: bool = False, output_mean_var: bool = False,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """First version of `BatchNorm`, which files of before 2018 hold."""

def BlockGrad(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The element itself; no gradient passes."""

def Cast(
        data: Symbol | None = None, *, dtype: DTypeLike, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The elements in another dtype, rounded to the nearest."""

def Concat(
        *data: Symbol | Sequence[Symbol], dim: int = 1, num_args: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Arrays joined along an axis."""

def Convolution(
        data: Symbol | None = None, weight: Symbol | None = None, bias: Symbol | None = None, *, kernel: ShapeLike,
        num_filter: int, stride: ShapeLike = (), dilate: ShapeLike = (), pad: ShapeLike = (), num_group: int = 1,
        no_bias: bool = False, workspace: int = 1024,
        cudnn_tune: Literal['fastest', 'limited_workspace', 'off'] | None = None, cudnn_off: bool = False,
        layout: Literal['NCDHW', 'NCHW', 'NCW'] | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Convolution (cross-correlation) over one, two or three spatial axes."""

def Convolution_v1(
        data: Symbol | None = None, weight: Symbol | None = None, bias: Symbol | None = None, *, kernel: ShapeLike,
        num_filter: int, stride: ShapeLike = (), dilate: ShapeLike = (), pad: ShapeLike = (), num_group: int = 1,
        workspace: int = 1024, no_bias: bool = False,
        cudnn_tune: Literal['fastest', 'limited_workspace', 'off'] | None = None, cudnn_off: bool = False,
        layout: Literal['NCDHW', 'NCHW'] | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """First version of `Convolution`, which old files hold: the same."""

def Crop(
        *data: Symbol | Sequence[Symbol], num_args: int | None = None, offset: ShapeLike = (0, 0),
        h_w: ShapeLike = (0, 0), center_crop: bool = False, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """A window of each image, as high and wide as another image or as asked for."""

def Deconvolution(
        data: Symbol | None = None, weight: Symbol | None = None, bias: Symbol | None = None, *, kernel: ShapeLike,
        num_filter: int, stride: ShapeLike = (), dilate: ShapeLike = (), pad: ShapeLike = (), adj: ShapeLike = (),
        target_shape: ShapeLike = (), num_group: int = 1, no_bias: bool = True, workspace: int = 512,
        cudnn_tune: Literal['fastest', 'limited_workspace', 'off'] | None = None, cudnn_off: bool = False,
        layout: Literal['NCDHW', 'NCHW', 'NCW'] | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Transposed convolution: what `Convolution`'s gradient does to its input."""

def Dropout(
        data: Symbol | None = None, *, p: float = 0.5, mode: Literal['always', 'training'] = 'training',
        axes: ShapeLike = (), cudnn_off: bool = False, key: int | Symbol | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Set elements to zero at random while training, and scale the others so that the mean stays."""

def ElementWiseSum(
        *data: Symbol | Sequence[Symbol], num_args: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Sum of several arrays."""

def Embedding(
        data: Symbol | None = None, weight: Symbol | None = None, *, input_dim: int, output_dim: int,
        dtype: DTypeLike = 'float32', sparse_grad: bool = False, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Look up a row of a table for each index."""

def Flatten(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """All axes but the first as one."""

def FullyConnected(
        data: Symbol | None = None, weight: Symbol | None = None, bias: Symbol | None = None, *, num_hidden: int,
        no_bias: bool = False, flatten: bool = True, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Dense layer."""

def GroupNorm(
        data: Symbol | None = None, gamma: Symbol | None = None, beta: Symbol | None = None, *, num_groups: int = 1,
        eps: float = 1e-05, output_mean_var: bool = False, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Normalise groups of channels of each instance by their own mean and variance."""

def InstanceNorm(
        data: Symbol | None = None, gamma: Symbol | None = None, beta: Symbol | None = None, *, eps: float = 0.001,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Normalise each channel of each instance by its own mean and variance."""

def L2Normalization(
        data: Symbol | None = None, *, eps: float = 1e-10, mode: Literal['channel', 'instance', 'spatial'] = 'instance',
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Divide by the Euclidean norm."""

def LRN(
        data: Symbol | None = None, *, alpha: float = 0.0001, beta: float = 0.75, knorm: float = 2.0, nsize: int,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Local response normalisation: divide by the activity of neighbouring channels."""

def LayerNorm(
        data: Symbol | None = None, gamma: Symbol | None = None, beta: Symbol | None = None, *, axis: int = -1,
        eps: float = 1e-05, output_mean_var: bool = False, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Normalise along one axis by its mean and variance."""

def LeakyReLU(
        data: Symbol | None = None, gamma: Symbol | None = None, *,
        act_type: Literal['elu', 'gelu', 'leaky', 'prelu', 'rrelu', 'selu'] = 'leaky', slope: float = 0.25,
        lower_bound: float = 0.125, upper_bound: float = 0.334, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Activations that let negative values through."""

def LinearRegressionOutput(
        data: Symbol | None = None, label: Symbol | None = None, *, grad_scale: float = 1.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The data itself, with the gradient of half the squared error against `label`."""

def LogisticRegressionOutput(
        data: Symbol | None = None, label: Symbol | None = None, *, grad_scale: float = 1.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The sigmoid of the data, with the gradient of the cross-entropy against `label`."""

def MAERegressionOutput(
        data: Symbol | None = None, label: Symbol | None = None, *, grad_scale: float = 1.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The data itself, with the gradient of the absolute error against `label`."""

def MakeLoss(
        data: Symbol | None = None, *, grad_scale: float = 1.0, valid_thresh: float = 0.0,
        normalization: Literal['batch', 'null', 'valid'] = 'null', name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The data itself, taken as a loss: its gradient is a constant."""

def Pad(
        data: Symbol | None = None, *, mode: Literal['constant', 'edge', 'reflect'], pad_width: ShapeLike,
        constant_value: float = 0.0, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The array with a border."""

def Pooling(
        data: Symbol | None = None, *, kernel: ShapeLike = (), pool_type: Literal['avg', 'lp', 'max', 'sum'] = 'max',
        global_pool: bool = False, cudnn_off: bool = False,
        pooling_convention: Literal['full', 'same', 'valid'] = 'valid', stride: ShapeLike = (), pad: ShapeLike = (),
        p_value: int | None = None, count_include_pad: bool | None = None,
        layout: Literal['NCDHW', 'NCHW', 'NCW'] | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Maximum, mean, sum or p-norm of each window."""

def Pooling_v1(
        data: Symbol | None = None, *, kernel: ShapeLike = (), pool_type: Literal['avg', 'max', 'sum'] = 'max',
        global_pool: bool = False, pooling_convention: Literal['full', 'valid'] = 'valid', stride: ShapeLike = (),
        pad: ShapeLike = (), name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """First version of `Pooling`, which old files hold."""

def RNN(
        data: Symbol | None = None, parameters: Symbol | None = None, state: Symbol | None = None,
        state_cell: Symbol | None = None, sequence_length: Symbol | None = None, *, state_size: int, num_layers: int,
        bidirectional: bool = False, mode: Literal['gru', 'lstm', 'rnn_relu', 'rnn_tanh'], p: float = 0.0,
        state_outputs: bool = False, projection_size: int | None = None, lstm_state_clip_min: float | None = None,
        lstm_state_clip_max: float | None = None, lstm_state_clip_nan: bool = False, use_sequence_length: bool = False,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Recurrent layers over a whole sequence: Elman's, LSTM or GRU, in one direction or both."""

def Reshape(
        data: Symbol | None = None, *, shape: ShapeLike = (), reverse: bool = False, target_shape: ShapeLike = (),
        keep_highest: bool = False, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The elements in the same order under another shape."""

def SVMOutput(
        data: Symbol | None = None, label: Symbol | None = None, *, margin: float = 1.0,
        regularization_coefficient: float = 1.0, use_linear: bool = False, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The data itself, with the gradient of a support vector machine's loss against `label`."""

def SequenceLast(
        data: Symbol | None = None, sequence_length: Symbol | None = None, *, use_sequence_length: bool = False,
        axis: int = 0, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The last element of each sequence."""

def SequenceMask(
        data: Symbol | None = None, sequence_length: Symbol | None = None, *, use_sequence_length: bool = False,
        value: float = 0.0, axis: int = 0, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Each sequence cut to its length: what comes after holds a constant."""

def SequenceReverse(
        data: Symbol | None = None, sequence_length: Symbol | None = None, *, use_sequence_length: bool = False,
        axis: int = 0, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Each sequence in reverse order; what comes after its length keeps its place."""

def SliceChannel(
        data: Symbol | None = None, *, num_outputs: int, axis: int = 1, squeeze_axis: bool = False,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Equal parts along an axis."""

def Softmax(
        data: Symbol | None = None, label: Symbol | None = None, *, grad_scale: float = 1.0, ignore_label: float = -1.0,
        multi_output: bool = False, use_ignore: bool = False, preserve_shape: bool = False,
        normalization: Literal['batch', 'null', 'valid'] = 'null', out_grad: bool = False, smooth_alpha: float = 0.0,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Softmax whose gradient is that of the cross-entropy against `label`."""

def SoftmaxActivation(
        data: Symbol | None = None, *, mode: Literal['channel', 'instance'] = 'instance', name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Softmax along the last axis, or over the channels."""

def SoftmaxOutput(
        data: Symbol | None = None, label: Symbol | None = None, *, grad_scale: float = 1.0, ignore_label: float = -1.0,
        multi_output: bool = False, use_ignore: bool = False, preserve_shape: bool = False,
        normalization: Literal['batch', 'null', 'valid'] = 'null', out_grad: bool = False, smooth_alpha: float = 0.0,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Softmax whose gradient is that of the cross-entropy against `label`."""

def SwapAxis(
        data: Symbol | None = None, *, dim1: int = 0, dim2: int = 0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Two axes in each other's place."""

def UpSampling(
        *data: Symbol | Sequence[Symbol], scale: int, num_filter: int = 0, sample_type: Literal['bilinear', 'nearest'],
        multi_input_mode: Literal['concat', 'sum'] = 'concat', num_args: int | None = None, workspace: int = 512,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Grow images along both spatial axes, and join the channels of several."""

def abs(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Absolute value."""

def adabelief_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        *, lr: Number | Symbol, beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999,
        epsilon: Number | Symbol = 1e-08, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, t: Number | Symbol | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step by how far the gradient is from what was believed (AdaBelief)."""

def adadelta_update(
        weight: Symbol | None = None, grad: Symbol | None = None, squares: Symbol | None = None,
        moves: Symbol | None = None, *, lr: Number | Symbol = 1.0, rho: Number | Symbol = 0.9,
        epsilon: Number | Symbol = 1e-05, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, decoupled_weight_decay: bool = True, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step by the gradient, scaled as earlier steps are to earlier gradients (AdaDelta)."""

def adafactor_mom_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mom: Symbol | None = None, row: Symbol | None = None,
        column: Symbol | None = None, *, lr: Number | Symbol, beta1: Number | Symbol = 0.9,
        beta2_decay: Number | Symbol = -0.8, eps1: Number | Symbol = 1.1920929e-07, eps2: Number | Symbol = 0.001,
        clip_threshold: Number | Symbol = 1.0, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, t: Number | Symbol, relative_step: bool = True, scale_parameter: bool = True,
        min_dim_size_to_factor: int = 1, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by a mean of Adafactor's steps."""

def adafactor_update(
        weight: Symbol | None = None, grad: Symbol | None = None, row: Symbol | None = None,
        column: Symbol | None = None, *, lr: Number | Symbol, beta2_decay: Number | Symbol = -0.8,
        eps1: Number | Symbol = 1.1920929e-07, eps2: Number | Symbol = 0.001, clip_threshold: Number | Symbol = 1.0,
        wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, t: Number | Symbol,
        relative_step: bool = True, scale_parameter: bool = True, min_dim_size_to_factor: int = 1,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by the gradient over roots of squares, by rows and columns, in parts of the weight (Adafactor)."""

def adagrad_lr_decay_update(
        weight: Symbol | None = None, grad: Symbol | None = None, history: Symbol | None = None, *, lr: Number | Symbol,
        lr_decay: Number | Symbol = 0.0, epsilon: Number | Symbol = 1e-10, wd: Number | Symbol = 0.0,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, t: Number | Symbol,
        initial_accumulator: Number | Symbol = 0.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """AdaGrad as torch has it: decay in the gradient, epsilon outside of the root, a rate that falls."""

def adagrad_update(
        weight: Symbol | None = None, grad: Symbol | None = None, history: Symbol | None = None, *, lr: Number | Symbol,
        epsilon: Number | Symbol = 1e-07, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, epsilon_in_root: bool = True, initial_accumulator: Number | Symbol = 0.0,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by the gradient over the root of the sum of all its squares (AdaGrad)."""

def adam_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        *, lr: Number | Symbol, beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999,
        epsilon: Number | Symbol = 1e-08, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, lazy_update: bool = True, rounded_once: bool = False, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step by the ratio of two running moments of the gradient (Adam)."""

def adamax_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None,
        largest: Symbol | None = None, *, lr: Number | Symbol, beta1: Number | Symbol = 0.9,
        beta2: Number | Symbol = 0.999, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, t: Number | Symbol | None = None, epsilon: Number | Symbol = 0.0,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by the running mean of the gradient over the largest gradient of late (Adamax)."""

def adamp_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        *, lr: Number | Symbol, beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999,
        epsilon: Number | Symbol = 1e-08, delta: Number | Symbol = 0.1, wd_ratio: Number | Symbol = 0.1,
        wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, t: Number | Symbol,
        nesterov: bool = False, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by Adam's ratio without the part that only changes the norm of the weight (AdamP)."""

def adamw_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        rescale_grad: Symbol | None = None, *, lr: Number | Symbol, eta: Number | Symbol, beta1: Number | Symbol = 0.9,
        beta2: Number | Symbol = 0.999, epsilon: Number | Symbol = 1e-08, wd: Number | Symbol = 0.0,
        clip_gradient: float = -1.0, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Adam with decoupled weight decay (AdamW)."""

def adan_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None,
        diff: Symbol | None = None, var: Symbol | None = None, prev: Symbol | None = None, *, lr: Number | Symbol,
        beta1: Number | Symbol = 0.98, beta2: Number | Symbol = 0.92, beta3: Number | Symbol = 0.99,
        epsilon: Number | Symbol = 1e-08, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, t: Number | Symbol, no_prox: bool = False, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step by the means of gradients and of their differences (Adan)."""

def add_n(
        *data: Symbol | Sequence[Symbol], num_args: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Sum of several arrays."""

def ademamix_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None,
        slow: Symbol | None = None, var: Symbol | None = None, *, lr: Number | Symbol, beta1: Number | Symbol = 0.9,
        beta2: Number | Symbol = 0.999, beta3: Number | Symbol = 0.9999, alpha: Number | Symbol = 5.0,
        alpha_steps: Number | Symbol = 0.0, beta3_steps: Number | Symbol = 0.0, epsilon: Number | Symbol = 1e-08,
        wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, t: Number | Symbol,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by a fast and a slow mean of gradients over the root of squares (AdEMAMix)."""

def adopt_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        *, lr: Number | Symbol, beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.9999,
        epsilon: Number | Symbol = 1e-06, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, t: Number | Symbol, clips: bool = True, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step by the mean of gradients, each over the root of the squares before it (ADOPT)."""

def all_finite(
        data: Symbol | None = None, *, init_output: bool = True, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Tell whether every element is finite."""

def amp_cast(
        data: Symbol | None = None, *, dtype: DTypeLike, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The elements in another dtype, as automatic mixed precision inserts it; files may leave it out."""

def amsgrad_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        largest: Symbol | None = None, *, lr: Number | Symbol, beta1: Number | Symbol = 0.9,
        beta2: Number | Symbol = 0.999, epsilon: Number | Symbol = 1e-08, wd: Number | Symbol = 0.0,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, t: Number | Symbol,
        decoupled_weight_decay: bool = False, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by Adam's mean over the largest mean of squares that there has been (AMSGrad)."""

def arccos(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Inverse of the cosine."""

def arccosh(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Inverse of the hyperbolic cosine."""

def arcsin(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Inverse of the sine."""

def arcsinh(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Inverse of the hyperbolic sine."""

def arctan(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Inverse of the tangent."""

def arctanh(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Inverse of the hyperbolic tangent."""

def argmax(
        data: Symbol | None = None, *, axis: int | None = None, keepdims: bool = False, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Place of the largest element along an axis, in the dtype of the elements; the first where there are several."""

def argmax_channel(
        data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Place of the largest element along axis 1, in the dtype of the elements; the first where there are several."""

def argmin(
        data: Symbol | None = None, *, axis: int | None = None, keepdims: bool = False, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Place of the smallest element along an axis, in the dtype of the elements; the first where there are several."""

def argsort(
        data: Symbol | None = None, *, axis: int | None = -1, is_ascend: bool = True, dtype: DTypeLike = 'float32',
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The places of the elements in their order along an axis."""

def asgd_update(
        weight: Symbol | None = None, grad: Symbol | None = None, average: Symbol | None = None,
        next_rate: Symbol | None = None, next_share: Symbol | None = None, *, lr: Number | Symbol,
        lambd: Number | Symbol = 0.0001, alpha: Number | Symbol = 0.75, t0: Number | Symbol = 1000000.0,
        wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, t: Number | Symbol,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step against the gradient with a rate that falls, and average the weights (ASGD)."""

def batch_dot(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, transpose_a: bool = False, transpose_b: bool = False,
        forward_stype: str | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Product of matrices, one pair for each place of the axes before the last two."""

def batch_take(
        a: Symbol | None = None, indices: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """One element of each row."""

def broadcast_add(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Sum of `lhs` and `rhs` after broadcasting."""

def broadcast_axes(
        data: Symbol | None = None, *, axis: ShapeLike = (), size: ShapeLike = (), name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The array repeated along axes of length 1."""

def broadcast_axis(
        data: Symbol | None = None, *, axis: ShapeLike = (), size: ShapeLike = (), name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The array repeated along axes of length 1."""

def broadcast_div(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Quotient of `lhs` and `rhs`, which broadcast; integers divide towards zero."""

def broadcast_equal(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """1 where `lhs` equals `rhs`, which broadcast, else 0."""

def broadcast_greater(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """1 where `lhs` is above `rhs`, which broadcast, else 0."""

def broadcast_greater_equal(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """1 where `lhs` is not below `rhs`, which broadcast, else 0."""

def broadcast_hypot(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The hypotenuse of `lhs` and `rhs` after broadcasting."""

def broadcast_lesser(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """1 where `lhs` is below `rhs`, which broadcast, else 0."""

def broadcast_lesser_equal(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """1 where `lhs` is not above `rhs`, which broadcast, else 0."""

def broadcast_like(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, lhs_axes: ShapeLike | None = None,
        rhs_axes: ShapeLike | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """One array repeated to the shape of another."""

def broadcast_logical_and(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """1 where both `lhs` and `rhs`, which broadcast are not 0, else 0."""

def broadcast_logical_or(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """1 where `lhs` or `rhs`, which broadcast is not 0, else 0."""

def broadcast_logical_xor(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """1 where one of `lhs` and `rhs`, which broadcast is 0 and the other is not, else 0."""

def broadcast_maximum(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The larger of `lhs` and `rhs`, which broadcast; NaN if one is."""

def broadcast_minimum(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The smaller of `lhs` and `rhs`, which broadcast; NaN if one is."""

def broadcast_minus(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Difference of `lhs` and `rhs` after broadcasting."""

def broadcast_mod(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Remainder of `lhs` divided by `rhs`, which broadcast, with the sign of the divisor."""

def broadcast_mul(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Product of `lhs` and `rhs` after broadcasting."""

def broadcast_not_equal(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """1 where `lhs` differs from `rhs`, which broadcast, else 0."""

def broadcast_plus(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Sum of `lhs` and `rhs` after broadcasting."""

def broadcast_power(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """`lhs` to the power of `rhs` after broadcasting."""

def broadcast_sub(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Difference of `lhs` and `rhs` after broadcasting."""

def broadcast_to(
        data: Symbol | None = None, *, shape: ShapeLike, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The array repeated to a shape."""

def came_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, row: Symbol | None = None,
        column: Symbol | None = None, doubt_row: Symbol | None = None, doubt_column: Symbol | None = None, *,
        lr: Number | Symbol, beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999,
        beta3: Number | Symbol = 0.9999, eps1: Number | Symbol = 1e-30, eps2: Number | Symbol = 1e-16,
        clip_threshold: Number | Symbol = 1.0, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by a mean of Adafactor's steps, over how far they are from it (CAME)."""

def cast(
        data: Symbol | None = None, *, dtype: DTypeLike, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The elements in another dtype, rounded to the nearest."""

def cbrt(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Cube root."""

def ceil(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The integer at or above."""

def clip(
        data: Symbol | None = None, *, a_min: Number | Symbol, a_max: Number | Symbol, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The elements limited to [a_min, a_max]; NaN stays NaN, and its gradient passes."""

def clip_global_norm(
        *data: Symbol | Sequence[Symbol], max_norm: Number | Symbol, num_arrays: int | None = None,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Scale arrays together so that their common norm is at most `max_norm`."""

def concat(
        *data: Symbol | Sequence[Symbol], dim: int = 1, num_args: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Arrays joined along an axis."""

def cos(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Cosine."""

def cosh(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Hyperbolic cosine."""

def crop(
        data: Symbol | None = None, *, begin: int | Sequence[int | None], end: int | Sequence[int | None],
        step: int | Sequence[int | None] = (), name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """A region: from `begin` to before `end` along the first axes."""

def cumsum(
        a: Symbol | None = None, *, axis: int | None = None, dtype: DTypeLike | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The sum of the elements so far, along an axis."""

def dcasgd_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mom: Symbol | None = None,
        previous: Symbol | None = None, *, lr: Number | Symbol, momentum: Number | Symbol = 0.0,
        lamda: Number | Symbol = 0.04, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step against the gradient, moved to where the weights are now (delay-compensated asynchronous SGD)."""

def degrees(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Radians as degrees."""

def depth_to_space(
        data: Symbol | None = None, *, block_size: int, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Channels laid out as blocks of pixels."""

def diag(
        data: Symbol | None = None, *, k: int = 0, axis1: int = 0, axis2: int = 1, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The diagonal of matrices, or the matrix with a diagonal."""

def dot(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, transpose_a: bool = False, transpose_b: bool = False,
        forward_stype: str | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Product of matrices: the last axis of one summed with the first axis of the other."""

def elemwise_add(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Sum of `lhs` and `rhs`."""

def elemwise_div(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Quotient of `lhs` and `rhs`; integers divide towards zero."""

def elemwise_mul(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Product of `lhs` and `rhs`."""

def elemwise_sub(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Difference of `lhs` and `rhs`."""

def erf(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Gauss error function."""

def erfinv(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The value whose Gauss error function is the element."""

def exp(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """e to the power of the element."""

def expand_dims(
        data: Symbol | None = None, *, axis: int, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """A new axis of length 1."""

def expm1(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """e to the power of the element, less 1, exact near zero."""

def fill_element_0index(
        lhs: Symbol | None = None, mhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """An array with one element of each row replaced."""

def fix(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The integer towards zero."""

def flatten(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """All axes but the first as one."""

def flip(
        data: Symbol | None = None, *, axis: ShapeLike, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The elements in reverse order along axes."""

def floor(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The integer at or below."""

def ftml_update(
        weight: Symbol | None = None, grad: Symbol | None = None, d: Symbol | None = None, v: Symbol | None = None,
        z: Symbol | None = None, *, lr: Number | Symbol, beta1: Number | Symbol = 0.6, beta2: Number | Symbol = 0.999,
        epsilon: Number | Symbol = 1e-08, t: Number | Symbol, wd: Number | Symbol = 0.0,
        rescale_grad: Number | Symbol = 1.0, clip_grad: float = -1.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Follow the moving leader (FTML)."""

def ftrl_update(
        weight: Symbol | None = None, grad: Symbol | None = None, z: Symbol | None = None, n: Symbol | None = None, *,
        lr: Number | Symbol, lamda1: Number | Symbol = 0.01, beta: Number | Symbol = 1.0, wd: Number | Symbol = 0.0,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Follow the regularised leader (FTRL-proximal): most weights are exactly zero."""

def gamma(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Gamma function."""

def gammaln(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Logarithm of the absolute value of the gamma function."""

def gather_nd(
        data: Symbol | None = None, indices: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Elements or slices at places of several axes."""

def group_adagrad_update(
        weight: Symbol | None = None, grad: Symbol | None = None, history: Symbol | None = None, *, lr: Number | Symbol,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, epsilon: Number | Symbol = 1e-05,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """AdaGrad with one history for each row, as for the rows of an embedding."""

def hard_sigmoid(
        data: Symbol | None = None, *, alpha: Number | Symbol = 0.2, beta: Number | Symbol = 0.5,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Sigmoid of straight pieces, :math:`\\min(1, \\max(0, \\alpha x + \\beta))`."""

def identity(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The element itself."""

def isfinite(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """1 where the element is finite, else 0."""

def isinf(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """1 where the element is infinite, else 0."""

def isnan(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """1 where the element is NaN, else 0."""

def khatri_rao(
        *data: Symbol | Sequence[Symbol], num_args: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Products of the columns of matrices, each element of one with each of the next (Khatri-Rao product)."""

def lamb_update_phase1(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        *, beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999, epsilon: Number | Symbol = 1e-06,
        t: Number | Symbol, bias_correction: bool = True, wd: Number | Symbol, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Direction of a LAMB step; `lamb_update_phase2` takes the step."""

def lamb_update_phase2(
        weight: Symbol | None = None, g: Symbol | None = None, r1: Symbol | None = None, r2: Symbol | None = None, *,
        lr: Number | Symbol, lower_bound: float = -1.0, upper_bound: float = -1.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step of LAMB along a direction, in proportion to the weight's norm."""

def linalg_det(A: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Determinant of each matrix."""

def linalg_extractdiag(
        A: Symbol | None = None, *, offset: int = 0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """A diagonal of each matrix."""

def linalg_extracttrian(
        A: Symbol | None = None, *, offset: int = 0, lower: bool = True, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """A triangle of each matrix: a lower one row after row, an upper one column after column."""

def linalg_gelqf(A: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """LQ decomposition: `A` as the product of a lower triangular matrix L and a matrix Q with orthonormal rows."""

def linalg_gemm(
        A: Symbol | None = None, B: Symbol | None = None, C: Symbol | None = None, *, transpose_a: bool = False,
        transpose_b: bool = False, alpha: Number | Symbol = 1.0, beta: Number | Symbol = 1.0, axis: int = -2,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Scaled product of matrices and a scaled matrix, :math:`\\alpha A B + \\beta C`."""

def linalg_gemm2(
        A: Symbol | None = None, B: Symbol | None = None, *, transpose_a: bool = False, transpose_b: bool = False,
        alpha: Number | Symbol = 1.0, axis: int = -2, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Scaled product of matrices, :math:`\\alpha A B`."""

def linalg_inverse(A: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Inverse of each matrix."""

def linalg_makediag(
        A: Symbol | None = None, *, offset: int = 0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Matrices with a given diagonal, and zeros elsewhere."""

def linalg_maketrian(
        A: Symbol | None = None, *, offset: int = 0, lower: bool = True, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Matrices with a given triangle, and zeros elsewhere: the reverse of `linalg_extracttrian`."""

def linalg_potrf(A: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Cholesky factor: the lower triangular matrix whose product with its transpose is `A`."""

def linalg_potri(A: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Inverse of the matrix whose Cholesky factor is given: of the product of the factor with its transpose."""

def linalg_slogdet(A: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Sign, and logarithm of the absolute value, of the determinant of each matrix."""

def linalg_sumlogdiag(
        A: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Sum of the logarithms of the diagonal of each matrix."""

def linalg_syrk(
        A: Symbol | None = None, *, transpose: bool = False, alpha: Number | Symbol = 1.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Scaled product of a matrix with its own transpose, :math:`\\alpha A A^T`."""

def linalg_trmm(
        A: Symbol | None = None, B: Symbol | None = None, *, transpose: bool = False, rightside: bool = False,
        lower: bool = True, alpha: Number | Symbol = 1.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Scaled product of a triangular matrix and a matrix, :math:`\\alpha A B` or :math:`\\alpha B A`."""

def linalg_trsm(
        A: Symbol | None = None, B: Symbol | None = None, *, transpose: bool = False, rightside: bool = False,
        lower: bool = True, alpha: Number | Symbol = 1.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Solution :math:`X` of :math:`A X = \\alpha B`, or of :math:`X A = \\alpha B`, with a triangular matrix."""

def lion_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mom: Symbol | None = None, *, lr: Number | Symbol,
        beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.99, wd: Number | Symbol = 0.0,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step by the sign of a mixture of momentum and gradient (Lion)."""

def log(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Natural logarithm."""

def log10(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Decimal logarithm."""

def log1p(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Natural logarithm of 1 and the element, exact near zero."""

def log2(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Binary logarithm."""

def log_softmax(
        data: Symbol | None = None, *, axis: int = -1, temperature: float | None = None, dtype: DTypeLike | None = None,
        use_length: bool = False, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The logarithm of the softmax, computed without overflow."""

def logical_not(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """1 where the element is 0, else 0."""

def make_loss(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The data itself, taken as a loss: its gradient is 1."""

def mars_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        last: Symbol | None = None, *, lr: Number | Symbol, beta1: Number | Symbol = 0.95,
        beta2: Number | Symbol = 0.99, gamma: Number | Symbol = 0.025, epsilon: Number | Symbol = 1e-08,
        wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, t: Number | Symbol,
        optimize_1d: bool = False, beta1_1d: Number | Symbol = 0.9, beta2_1d: Number | Symbol = 0.95,
        lr_1d_factor: Number | Symbol = 1.0, wd_1d_factor: Number | Symbol = 1.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step as AdamW does, by gradients corrected by how they changed (MARS-AdamW)."""

def max(
        data: Symbol | None = None, *, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Maximum over some axes."""

def max_axis(
        data: Symbol | None = None, *, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Maximum over some axes."""

def mean(
        data: Symbol | None = None, *, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Mean over some axes."""

def min(
        data: Symbol | None = None, *, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Minimum over some axes."""

def min_axis(
        data: Symbol | None = None, *, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Minimum over some axes."""

def moments(
        data: Symbol | None = None, *, axes: ShapeLike | None = None, keepdims: bool = False, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Mean and variance over some axes."""

def mp_adamw_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        weight32: Symbol | None = None, rescale_grad: Symbol | None = None, *, lr: Number | Symbol,
        eta: Number | Symbol, beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999,
        epsilon: Number | Symbol = 1e-08, wd: Number | Symbol = 0.0, clip_gradient: float = -1.0,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """AdamW on a float32 master copy: `adamw_update` on `weight32`."""

def mp_lamb_update_phase1(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        weight32: Symbol | None = None, *, beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999,
        epsilon: Number | Symbol = 1e-06, t: Number | Symbol, bias_correction: bool = True, wd: Number | Symbol,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Direction of a LAMB step on a float32 master copy: `lamb_update_phase1` on `weight32`."""

def mp_lamb_update_phase2(
        weight: Symbol | None = None, g: Symbol | None = None, r1: Symbol | None = None, r2: Symbol | None = None,
        weight32: Symbol | None = None, *, lr: Number | Symbol, lower_bound: float = -1.0, upper_bound: float = -1.0,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step of LAMB on a float32 master copy: `lamb_update_phase2` on `weight32`."""

def mp_nag_mom_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mom: Symbol | None = None,
        weight32: Symbol | None = None, *, lr: Number | Symbol, momentum: Number | Symbol = 0.0,
        wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0,
        rate_in_momentum: bool = True, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Nesterov's accelerated gradient on a float32 master copy: `nag_mom_update` on `weight32`."""

def mp_sgd_mom_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mom: Symbol | None = None,
        weight32: Symbol | None = None, *, lr: Number | Symbol, momentum: Number | Symbol = 0.0,
        wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0,
        lazy_update: bool = True, rate_in_momentum: bool = True, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """SGD with momentum on a float32 master copy: `sgd_mom_update` on `weight32`."""

def mp_sgd_update(
        weight: Symbol | None = None, grad: Symbol | None = None, weight32: Symbol | None = None, *,
        lr: Number | Symbol, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, lazy_update: bool = True, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """SGD on a float32 master copy of low-precision weights: `sgd_update` on `weight32`."""

def multi_adamw_update(
        *data: Symbol | Sequence[Symbol], lrs: Number | Symbol | Sequence[Number | Symbol],
        wds: Number | Symbol | Sequence[Number | Symbol], etas: Number | Symbol | Sequence[Number | Symbol],
        beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999, epsilon: Number | Symbol = 1e-08,
        clip_gradient: float = -1.0, num_weights: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """AdamW on many tensors at once: `adamw_update` of each."""

def multi_all_finite(
        *data: Symbol | Sequence[Symbol], num_arrays: int | None = None, init_output: bool = True,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Tell whether every element of many arrays is finite."""

def multi_dadapt_adam_update(
        *data: Symbol | Sequence[Symbol], learning_rates: Number | Symbol | Sequence[Number | Symbol],
        beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999, epsilon: Number | Symbol = 1e-08,
        d0: Number | Symbol = 1e-06, growth_rate: float = -1.0, wds: Number | Symbol | Sequence[Number | Symbol],
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, num_tensors: int | None = None,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by Adam's moments at a rate that follows from sums of gradients, many tensors at once (D-Adaptation)."""

def multi_dadapt_sgd_update(
        *data: Symbol | Sequence[Symbol], learning_rates: Number | Symbol | Sequence[Number | Symbol],
        momentum: Number | Symbol = 0.0, d0: Number | Symbol = 1e-06, growth_rate: float = -1.0,
        wds: Number | Symbol | Sequence[Number | Symbol], rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, num_tensors: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step against the gradient at a rate that follows from sums of gradients, many tensors at once (D-Adaptation)."""

def multi_lamb_update(
        *data: Symbol | Sequence[Symbol], learning_rates: Number | Symbol | Sequence[Number | Symbol],
        beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999, epsilon: Number | Symbol = 1e-06,
        wds: Number | Symbol | Sequence[Number | Symbol], rescale_grad: Number | Symbol = 1.0,
        lower_bound: float = -1.0, upper_bound: float = -1.0, clip_gradient: float = -1.0, bias_correction: bool = True,
        step_count: Number | Symbol | Sequence[Number | Symbol], num_tensors: int | None = None,
        max_grad_norm: Number | Symbol | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """LAMB on many tensors at once: `lamb_update_phase1`, the norms, and `lamb_update_phase2` of each."""

def multi_lans_update(
        *data: Symbol | Sequence[Symbol], learning_rates: Number | Symbol | Sequence[Number | Symbol],
        beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999, epsilon: Number | Symbol = 1e-06,
        wds: Number | Symbol | Sequence[Number | Symbol], rescale_grad: Number | Symbol = 1.0,
        lower_bound: float = -1.0, upper_bound: float = -1.0, clip_gradient: float = -1.0,
        step_count: Number | Symbol | Sequence[Number | Symbol], num_tensors: int | None = None,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """LANS on many tensors at once."""

def multi_lars(
        lrs: Symbol | None = None, weights_sum_sq: Symbol | None = None, grads_sum_sq: Symbol | None = None,
        wds: Symbol | None = None, *, eta: Number | Symbol, eps: Number | Symbol, rescale_grad: Number | Symbol = 1.0,
        decay_norm: Literal['sum', 'joint'] = 'sum', name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Scale learning rates by the ratio of weight norm to gradient norm, layer by layer (LARS)."""

def multi_mp_adamw_update(
        *data: Symbol | Sequence[Symbol], lrs: Number | Symbol | Sequence[Number | Symbol],
        wds: Number | Symbol | Sequence[Number | Symbol], etas: Number | Symbol | Sequence[Number | Symbol],
        beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999, epsilon: Number | Symbol = 1e-08,
        clip_gradient: float = -1.0, num_weights: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """AdamW on float32 master copies, many tensors at once: `multi_adamw_update` on the `weight32`."""

def multi_mp_lamb_update(
        *data: Symbol | Sequence[Symbol], learning_rates: Number | Symbol | Sequence[Number | Symbol],
        beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999, epsilon: Number | Symbol = 1e-06,
        wds: Number | Symbol | Sequence[Number | Symbol], rescale_grad: Number | Symbol = 1.0,
        lower_bound: float = -1.0, upper_bound: float = -1.0, clip_gradient: float = -1.0, bias_correction: bool = True,
        step_count: Number | Symbol | Sequence[Number | Symbol], num_tensors: int | None = None,
        max_grad_norm: Number | Symbol | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """LAMB on float32 master copies, many tensors at once: `multi_lamb_update` on the `weight32`."""

def multi_mp_sgd_mom_update(
        *data: Symbol | Sequence[Symbol], lrs: Number | Symbol | Sequence[Number | Symbol],
        wds: Number | Symbol | Sequence[Number | Symbol], momentum: Number | Symbol = 0.0,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, num_weights: int | None = None,
        rate_in_momentum: bool = True, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """SGD with momentum on float32 master copies, many tensors at once: `sgd_mom_update` on each `weight32`."""

def multi_mp_sgd_update(
        *data: Symbol | Sequence[Symbol], lrs: Number | Symbol | Sequence[Number | Symbol],
        wds: Number | Symbol | Sequence[Number | Symbol], rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, num_weights: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """SGD on float32 master copies, many tensors at once: `multi_sgd_update` on the `weight32`."""

def multi_prodigy_update(
        *data: Symbol | Sequence[Symbol], learning_rates: Number | Symbol | Sequence[Number | Symbol],
        beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999, beta3: Number | Symbol | None = None,
        epsilon: Number | Symbol = 1e-08, d0: Number | Symbol = 1e-06, d_coef: Number | Symbol = 1.0,
        growth_rate: float = -1.0, wds: Number | Symbol | Sequence[Number | Symbol],
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, safeguard_warmup: bool = False,
        num_tensors: int | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by Adam's moments at a rate that follows from how far weights have come, many tensors at once (Prodigy)."""

def multi_sgd_mom_update(
        *data: Symbol | Sequence[Symbol], lrs: Number | Symbol | Sequence[Number | Symbol],
        wds: Number | Symbol | Sequence[Number | Symbol], momentum: Number | Symbol = 0.0,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, num_weights: int | None = None,
        rate_in_momentum: bool = True, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step along the momentum, many tensors at once: `sgd_mom_update` of each."""

def multi_sgd_update(
        *data: Symbol | Sequence[Symbol], lrs: Number | Symbol | Sequence[Number | Symbol],
        wds: Number | Symbol | Sequence[Number | Symbol], rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, num_weights: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step against the gradient, many tensors at once (SGD)."""

def multi_sum_sq(
        *data: Symbol | Sequence[Symbol], num_arrays: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Sum of the squares of each array."""

def muon_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mom: Symbol | None = None, *, lr: Number | Symbol,
        momentum: Number | Symbol = 0.95, nesterov: bool = True, steps: int = 5, epsilon: Number | Symbol = 1e-07,
        scale: Literal['original', 'match_rms_adamw', 'none'] = 'original', wd: Number | Symbol = 0.0,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, t: Number | Symbol,
        lr_1d_factor: Number | Symbol = 1.0, beta1_1d: Number | Symbol = 0.9, beta2_1d: Number | Symbol = 0.999,
        epsilon_1d: Number | Symbol = 1e-08, matmul_precision: Literal['highest', 'bfloat16'] = 'highest',
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by a momentum whose singular values are brought near to one (Muon)."""

def nadam_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        product: Symbol | None = None, *, lr: Number | Symbol, beta1: Number | Symbol = 0.9,
        beta2: Number | Symbol = 0.999, epsilon: Number | Symbol = 1e-08, schedule_decay: Number | Symbol = 0.004,
        wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, t: Number | Symbol,
        decoupled_weight_decay: bool = False, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by Adam's moments, with a momentum that looks ahead and whose size is scheduled (Nadam)."""

def nag_mom_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mom: Symbol | None = None, *, lr: Number | Symbol,
        momentum: Number | Symbol = 0.0, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, rate_in_momentum: bool = True, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step with Nesterov's accelerated gradient."""

def nanprod(
        data: Symbol | None = None, *, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Product of the elements that are not NaN over some axes."""

def nansum(
        data: Symbol | None = None, *, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Sum of the elements that are not NaN over some axes."""

def negative(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The element with the other sign."""

def norm(
        data: Symbol | None = None, *, ord: int = 2, axis: ShapeLike | None = None, out_dtype: DTypeLike | None = None,
        keepdims: bool = False, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Euclidean norm, or the sum of absolute values."""

def normal(
        *, loc: float = 0.0, scale: float = 1.0, shape: ShapeLike = (1,), ctx: str = '', dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers of a normal distribution."""

def novograd_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        *, lr: Number | Symbol, beta1: Number | Symbol = 0.95, beta2: Number | Symbol = 0.98,
        epsilon: Number | Symbol = 1e-08, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, t: Number | Symbol, grad_averaging: bool = False, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step by a momentum of gradients, each over the mean norm of its tensor (NovoGrad)."""

def one_hot(
        indices: Symbol | None = None, *, depth: int, on_value: float = 1.0, off_value: float = 0.0,
        dtype: DTypeLike = 'float32', name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """One value at the place each index names along a new last axis, another value elsewhere."""

def onehot_encode(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Write 1 where the index of each row names an element, 0 elsewhere."""

def ones_like(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """1 for every element."""

def pad(
        data: Symbol | None = None, *, mode: Literal['constant', 'edge', 'reflect'], pad_width: ShapeLike,
        constant_value: float = 0.0, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The array with a border."""

def pick(
        data: Symbol | None = None, index: Symbol | None = None, *, axis: int = -1, keepdims: bool = False,
        mode: Literal['clip', 'wrap'] = 'clip', name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """One element along an axis for each index."""

def polygamma(
        data: Symbol | None = None, *, n: int = 0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Derivative of order `n` of the digamma function, the logarithmic derivative of the gamma function."""

def preloaded_multi_mp_sgd_mom_update(
        *data: Symbol | Sequence[Symbol], momentum: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, num_weights: int | None = None, rate_in_momentum: bool = True,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """SGD with momentum on master copies, with rates that are arrays: `sgd_mom_update` on each `weight32`."""

def preloaded_multi_mp_sgd_update(
        *data: Symbol | Sequence[Symbol], rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0,
        num_weights: int | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """SGD on float32 master copies, many tensors at once, with rates that are arrays: `multi_mp_sgd_update`."""

def preloaded_multi_sgd_mom_update(
        *data: Symbol | Sequence[Symbol], momentum: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, num_weights: int | None = None, rate_in_momentum: bool = True,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step along the momentum, many tensors at once, with rates that are arrays: `sgd_mom_update` of each."""

def preloaded_multi_sgd_update(
        *data: Symbol | Sequence[Symbol], rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0,
        num_weights: int | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step against the gradient, many tensors at once, with rates that are arrays: `multi_sgd_update`."""

def prod(
        data: Symbol | None = None, *, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Product over some axes."""

def radam_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        *, lr: Number | Symbol, beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999,
        epsilon: Number | Symbol = 1e-08, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, t: Number | Symbol, decoupled_weight_decay: bool = False, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step by Adam's mean, over the root of squares once enough of them have been seen (RAdam)."""

def radians(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Degrees as radians."""

def random_exponential(
        *, lam: float = 1.0, shape: ShapeLike = (1,), ctx: str = '', dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers of an exponential distribution."""

def random_gamma(
        *, alpha: float = 1.0, beta: float = 1.0, shape: ShapeLike = (1,), ctx: str = '',
        dtype: DTypeLike | None = None, key: int | Symbol | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers of a gamma distribution."""

def random_generalized_negative_binomial(
        *, mu: float = 1.0, alpha: float = 1.0, shape: ShapeLike = (1,), ctx: str = '', dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers of a negative binomial distribution by mean and dispersion."""

def random_negative_binomial(
        *, k: int = 1, p: float = 1.0, shape: ShapeLike = (1,), ctx: str = '', dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers of a negative binomial distribution: successes before `k` failures."""

def random_normal(
        *, loc: float = 0.0, scale: float = 1.0, shape: ShapeLike = (1,), ctx: str = '', dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers of a normal distribution."""

def random_poisson(
        *, lam: float = 1.0, shape: ShapeLike = (1,), ctx: str = '', dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers of a Poisson distribution."""

def random_randint(
        *, low: int, high: int, shape: ShapeLike = (1,), ctx: str = '', dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random whole numbers evenly distributed over [low, high)."""

def random_uniform(
        *, low: float = 0.0, high: float = 1.0, shape: ShapeLike = (1,), ctx: str = '', dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers evenly distributed over [low, high)."""

def ravel_multi_index(
        data: Symbol | None = None, *, shape: ShapeLike, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The number of each place, counted along the last axis first."""

def rcbrt(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """1 divided by the cube root."""

def reciprocal(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """1 divided by the element."""

def relu(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The element where it is above zero, else 0."""

def repeat(
        data: Symbol | None = None, *, repeats: int, axis: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Each element repeated."""

def reset_arrays(
        *data: Symbol | Sequence[Symbol], num_arrays: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Set arrays to zero, in place."""

def reshape(
        data: Symbol | None = None, *, shape: ShapeLike = (), reverse: bool = False, target_shape: ShapeLike = (),
        keep_highest: bool = False, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The elements in the same order under another shape."""

def reshape_like(
        lhs: Symbol | None = None, rhs: Symbol | None = None, *, lhs_begin: int | None = None,
        lhs_end: int | None = None, rhs_begin: int | None = None, rhs_end: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The elements of one array under the shape of another, or with some axes of that in place of some of its own."""

def reverse(
        data: Symbol | None = None, *, axis: ShapeLike, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The elements in reverse order along axes."""

def rint(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The nearest integer, halves to the even one."""

def rmsprop_centered_update(
        weight: Symbol | None = None, grad: Symbol | None = None, n: Symbol | None = None, g: Symbol | None = None, *,
        lr: Number | Symbol, gamma1: Number | Symbol = 0.99, epsilon: Number | Symbol = 1e-08,
        wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by the gradient over its running deviation (centred RMSProp)."""

def rmsprop_mom_update(
        weight: Symbol | None = None, grad: Symbol | None = None, n: Symbol | None = None, mom: Symbol | None = None, *,
        lr: Number | Symbol, gamma1: Number | Symbol = 0.99, momentum: Number | Symbol = 0.0,
        epsilon: Number | Symbol = 1e-08, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step along a momentum of gradients over their running root mean square (RMSProp as torch has it)."""

def rmsprop_update(
        weight: Symbol | None = None, grad: Symbol | None = None, n: Symbol | None = None, *, lr: Number | Symbol,
        gamma1: Number | Symbol = 0.95, epsilon: Number | Symbol = 1e-08, wd: Number | Symbol = 0.0,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, clip_weights: float = -1.0,
        epsilon_in_root: bool = True, rounded_once: bool = False, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step by the gradient over its running root mean square (RMSProp)."""

def rmspropalex_update(
        weight: Symbol | None = None, grad: Symbol | None = None, n: Symbol | None = None, g: Symbol | None = None,
        delta: Symbol | None = None, *, lr: Number | Symbol, gamma1: Number | Symbol = 0.95,
        gamma2: Number | Symbol = 0.9, epsilon: Number | Symbol = 1e-08, wd: Number | Symbol = 0.0,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, clip_weights: float = -1.0,
        epsilon_in_root: bool = True, rate_in_momentum: bool = True, rounded_once: bool = False,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by the gradient over its running deviation, with momentum (Graves' RMSProp)."""

def round(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The nearest integer, halves away from zero."""

def rprop_update(
        weight: Symbol | None = None, grad: Symbol | None = None, prev: Symbol | None = None,
        step_size: Symbol | None = None, *, lr: Number | Symbol, eta_minus: Number | Symbol = 0.5,
        eta_plus: Number | Symbol = 1.2, min_step: Number | Symbol = 1e-06, max_step: Number | Symbol = 50.0,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, t: Number | Symbol, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step by the gradient's sign, with a size for each element that grows while the sign stays (Rprop)."""

def rsqrt(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """1 divided by the square root."""

def sample_exponential(
        lam: Symbol | None = None, *, shape: ShapeLike = (), dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers of an exponential distribution."""

def sample_gamma(
        alpha: Symbol | None = None, beta: Symbol | None = None, *, shape: ShapeLike = (),
        dtype: DTypeLike | None = None, key: int | Symbol | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers of a gamma distribution."""

def sample_generalized_negative_binomial(
        mu: Symbol | None = None, alpha: Symbol | None = None, *, shape: ShapeLike = (), dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers of a negative binomial distribution by mean and dispersion."""

def sample_multinomial(
        data: Symbol | None = None, *, shape: ShapeLike = (), get_prob: bool = False, dtype: DTypeLike = 'int32',
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Classes drawn with given probabilities."""

def sample_negative_binomial(
        k: Symbol | None = None, p: Symbol | None = None, *, shape: ShapeLike = (), dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers of a negative binomial distribution: successes before `k` failures."""

def sample_normal(
        mu: Symbol | None = None, sigma: Symbol | None = None, *, shape: ShapeLike = (), dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers of a normal distribution."""

def sample_poisson(
        lam: Symbol | None = None, *, shape: ShapeLike = (), dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers of a Poisson distribution."""

def sample_uniform(
        low: Symbol | None = None, high: Symbol | None = None, *, shape: ShapeLike = (), dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers evenly distributed over [low, high)."""

def scatter_nd(
        data: Symbol | None = None, indices: Symbol | None = None, *, shape: ShapeLike, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Zeros with elements or slices added at places of several axes; the reverse of `gather_nd`."""

def schedule_free_adamw_update(
        weight: Symbol | None = None, grad: Symbol | None = None, z: Symbol | None = None, var: Symbol | None = None,
        lr_max: Symbol | None = None, sum_weights: Symbol | None = None, *, lr: Number | Symbol,
        beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999, epsilon: Number | Symbol = 1e-08,
        warmup_steps: Number | Symbol = 0.0, r: Number | Symbol = 0.0, weight_lr_power: Number | Symbol = 2.0,
        wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, t: Number | Symbol,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by the gradient over the root of squares without a schedule (schedule-free AdamW)."""

def schedule_free_average(
        y: Symbol | None = None, z: Symbol | None = None, *, momentum: Number | Symbol = 0.9, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Average of the weights of a schedule-free rule, which is to be evaluated."""

def schedule_free_radam_update(
        weight: Symbol | None = None, grad: Symbol | None = None, z: Symbol | None = None, var: Symbol | None = None,
        lr_max: Symbol | None = None, sum_weights: Symbol | None = None, *, lr: Number | Symbol,
        beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999, epsilon: Number | Symbol = 1e-08,
        r: Number | Symbol = 0.0, weight_lr_power: Number | Symbol = 2.0, wd: Number | Symbol = 0.0,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, t: Number | Symbol,
        silent_sgd_phase: bool = True, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step as schedule-free AdamW does, at a rate that is rectified (schedule-free RAdam)."""

def schedule_free_sgd_update(
        weight: Symbol | None = None, grad: Symbol | None = None, z: Symbol | None = None, lr_max: Symbol | None = None,
        sum_weights: Symbol | None = None, *, lr: Number | Symbol, momentum: Number | Symbol = 0.9,
        warmup_steps: Number | Symbol = 0.0, r: Number | Symbol = 0.0, weight_lr_power: Number | Symbol = 2.0,
        wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, t: Number | Symbol,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step against the gradient without a schedule, towards an average (schedule-free SGD)."""

def sgd_dampened_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mom: Symbol | None = None, *, lr: Number | Symbol,
        momentum: Number | Symbol = 0.0, dampening: Number | Symbol = 0.0, wd: Number | Symbol = 0.0,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, t: Number | Symbol, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step along a momentum that takes up a part of each gradient but the first (SGD with dampening)."""

def sgd_mom_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mom: Symbol | None = None, *, lr: Number | Symbol,
        momentum: Number | Symbol = 0.0, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, lazy_update: bool = True, rate_in_momentum: bool = True, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step along the momentum (heavy-ball SGD)."""

def sgd_update(
        weight: Symbol | None = None, grad: Symbol | None = None, *, lr: Number | Symbol, wd: Number | Symbol = 0.0,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, lazy_update: bool = True,
        decay_in_gradient: bool = False, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step against the gradient (SGD)."""

def sgld_update(
        weight: Symbol | None = None, grad: Symbol | None = None, key: Symbol | None = None, *, lr: Number | Symbol,
        wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step against the gradient, with normal noise (stochastic gradient Langevin dynamics)."""

def shampoo_update(
        weight: Symbol | None = None, grad: Symbol | None = None, factors: Symbol | None = None, *, lr: Number | Symbol,
        epsilon: Number | Symbol = 1e-06, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, max_precond_dim: int = 1200, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step by the gradient over roots of the sums of its products along each axis (Shampoo)."""

def shape_array(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The shape, as an array."""

def shuffle(
        data: Symbol | None = None, *, key: int | Symbol | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The rows of an array in random order."""

def sigmoid(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """1 / (1 + exp(-x))."""

def sign(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """1, -1 or 0 as the element is above, below or at zero; 0 for NaN."""

def signsgd_update(
        weight: Symbol | None = None, grad: Symbol | None = None, *, lr: Number | Symbol, wd: Number | Symbol = 0.0,
        rescale_grad: Number | Symbol = 1.0, clip_gradient: float = -1.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step against the sign of the gradient (signSGD)."""

def signum_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mom: Symbol | None = None, *, lr: Number | Symbol,
        momentum: Number | Symbol = 0.0, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, wd_lh: Number | Symbol = 0.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step by the sign of the momentum (Signum)."""

def sin(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Sine."""

def sinh(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Hyperbolic sine."""

def size_array(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The number of elements, as an array."""

def slice(
        data: Symbol | None = None, *, begin: int | Sequence[int | None], end: int | Sequence[int | None],
        step: int | Sequence[int | None] = (), name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """A region: from `begin` to before `end` along the first axes."""

def slice_axis(
        data: Symbol | None = None, *, axis: int, begin: int, end: int | None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """A region along one axis."""

def slice_like(
        data: Symbol | None = None, shape_like: Symbol | None = None, *, axes: ShapeLike = (), name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The first elements along axes, as many as another array has."""

def sm3_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None,
        largest: Symbol | None = None, *, lr: Number | Symbol, momentum: Number | Symbol = 0.9,
        epsilon: Number | Symbol = 1e-08, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by the mean of gradients over roots of the least sums of squares of their slices (SM3-II)."""

def smooth_l1(
        data: Symbol | None = None, *, scalar: Number | Symbol = 1.0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Huber's loss of each element: quadratic near zero, linear beyond."""

def soap_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        factors: Symbol | None = None, basis: Symbol | None = None, *, lr: Number | Symbol,
        beta1: Number | Symbol = 0.95, beta2: Number | Symbol = 0.95, shampoo_beta: float = -1.0,
        epsilon: Number | Symbol = 1e-08, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, t: Number | Symbol, precondition_frequency: int = 10, max_precond_dim: int = 10000,
        precondition_1d: bool = False, correct_bias: bool = True, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step by Adam's ratio in the eigenbases of the products of gradients along each axis (SOAP)."""

def softmax(
        data: Symbol | None = None, length: Symbol | None = None, *, axis: int = -1, temperature: float | None = None,
        dtype: DTypeLike | None = None, use_length: bool = False, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Exponentials along an axis, scaled to sum to 1."""

def softmax_cross_entropy(
        data: Symbol | None = None, label: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Sum over the batch of the cross-entropy of a softmax."""

def softmin(
        data: Symbol | None = None, *, axis: int = -1, temperature: float | None = None, dtype: DTypeLike | None = None,
        use_length: bool = False, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The softmax of the negated elements."""

def softsign(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The element divided by 1 and its absolute value."""

def sophia_update(
        weight: Symbol | None = None, grad: Symbol | None = None, curvature: Symbol | None = None,
        mean: Symbol | None = None, hess: Symbol | None = None, *, lr: Number | Symbol, beta1: Number | Symbol = 0.96,
        beta2: Number | Symbol = 0.99, rho: Number | Symbol = 0.04, epsilon: Number | Symbol = 1e-12,
        period: Number | Symbol = 10.0, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, t: Number | Symbol, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Step by the mean of gradients over the mean of curvatures, at most the rate (Sophia)."""

def sort(
        data: Symbol | None = None, *, axis: int | None = -1, is_ascend: bool = True, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The elements in order along an axis."""

def space_to_depth(
        data: Symbol | None = None, *, block_size: int, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Blocks of pixels laid out as channels; the reverse of `depth_to_space`."""

def split(
        data: Symbol | None = None, *, num_outputs: int, axis: int = 1, squeeze_axis: bool = False,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Equal parts along an axis."""

def sqrt(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Square root."""

def square(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The element times itself."""

def squeeze(
        data: Symbol | None = None, *, axis: ShapeLike | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Without axes of length 1."""

def stack(
        *data: Symbol | Sequence[Symbol], axis: int = 0, num_args: int | None = None, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Arrays of one shape joined along a new axis."""

def stop_gradient(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The element itself; no gradient passes."""

def sum(
        data: Symbol | None = None, *, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Sum over some axes."""

def sum_axis(
        data: Symbol | None = None, *, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Sum over some axes."""

def swapaxes(
        data: Symbol | None = None, *, dim1: int = 0, dim2: int = 0, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Two axes in each other's place."""

def take(
        a: Symbol | None = None, indices: Symbol | None = None, *, axis: int = 0,
        mode: Literal['clip', 'raise', 'wrap'] = 'clip', name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Slices of an array at indices along an axis."""

def tan(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Tangent."""

def tanh(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Hyperbolic tangent."""

def tile(
        data: Symbol | None = None, *, reps: ShapeLike, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The array repeated as a whole along each axis."""

def topk(
        data: Symbol | None = None, *, axis: int | None = -1, k: int = 1,
        ret_typ: Literal['both', 'indices', 'mask', 'value'] = 'indices', is_ascend: bool = False,
        dtype: DTypeLike = 'float32', name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The k largest elements along an axis, or where they are."""

def transpose(
        data: Symbol | None = None, *, axes: ShapeLike = (), name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The axes in another order."""

def trunc(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """The integer towards zero."""

def uniform(
        *, low: float = 0.0, high: float = 1.0, shape: ShapeLike = (1,), ctx: str = '', dtype: DTypeLike | None = None,
        key: int | Symbol | None = None, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Random numbers evenly distributed over [low, high)."""

def unravel_index(
        data: Symbol | None = None, *, shape: ShapeLike, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """The place along each axis of the elements with these numbers, counted along the last axis first."""

def where(
        condition: Symbol | None = None, x: Symbol | None = None, y: Symbol | None = None, *, name: str | None = None,
        attr: dict[str, str] | None = None) -> Symbol:
    """Elements of one array where a condition is not 0, of another elsewhere."""

def yogi_update(
        weight: Symbol | None = None, grad: Symbol | None = None, mean: Symbol | None = None, var: Symbol | None = None,
        *, lr: Number | Symbol, beta1: Number | Symbol = 0.9, beta2: Number | Symbol = 0.999,
        epsilon: Number | Symbol = 0.001, wd: Number | Symbol = 0.0, rescale_grad: Number | Symbol = 1.0,
        clip_gradient: float = -1.0, t: Number | Symbol, initial_accumulator: Number | Symbol = 1e-06,
        name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """Step by Adam's mean over a root of squares that grows and shrinks alike (Yogi)."""

def zeros_like(data: Symbol | None = None, *, name: str | None = None, attr: dict[str, str] | None = None) -> Symbol:
    """0 for every element."""
