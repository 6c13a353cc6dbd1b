"""The methods of `NDArray` that operators and arithmetic give, for type checkers.

Made by ``python -m docs.extensions.stubs`` from the operators' declarations.
"""

from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np

from ndarray.array import NDArray
from ndarray.sparse import RowSparseNDArray
from ndarray.typing import DTypeLike, Number, ShapeLike

class NDArrayMethods:
    def __add__(self, other: NDArray | Number) -> NDArray: ...

    def __radd__(self, other: NDArray | Number) -> NDArray: ...

    def __iadd__(self, other: NDArray | Number) -> NDArray: ...

    def __sub__(self, other: NDArray | Number) -> NDArray: ...

    def __rsub__(self, other: NDArray | Number) -> NDArray: ...

    def __isub__(self, other: NDArray | Number) -> NDArray: ...

    def __mul__(self, other: NDArray | Number) -> NDArray: ...

    def __rmul__(self, other: NDArray | Number) -> NDArray: ...

    def __imul__(self, other: NDArray | Number) -> NDArray: ...

    def __truediv__(self, other: NDArray | Number) -> NDArray: ...

    def __rtruediv__(self, other: NDArray | Number) -> NDArray: ...

    def __itruediv__(self, other: NDArray | Number) -> NDArray: ...

    def __mod__(self, other: NDArray | Number) -> NDArray: ...

    def __rmod__(self, other: NDArray | Number) -> NDArray: ...

    def __imod__(self, other: NDArray | Number) -> NDArray: ...

    def __pow__(self, other: NDArray | Number) -> NDArray: ...

    def __rpow__(self, other: NDArray | Number) -> NDArray: ...

    def __ipow__(self, other: NDArray | Number) -> NDArray: ...

    def __eq__(self, other: object) -> NDArray: ...  # type: ignore[override]

    def __ne__(self, other: object) -> NDArray: ...  # type: ignore[override]

    def __gt__(self, other: NDArray | Number) -> NDArray: ...

    def __ge__(self, other: NDArray | Number) -> NDArray: ...

    def __lt__(self, other: NDArray | Number) -> NDArray: ...

    def __le__(self, other: NDArray | Number) -> NDArray: ...

    def __neg__(self) -> NDArray: ...

    def __abs__(self) -> NDArray: ...

    def Activation(
            self, act_type: Literal['relu', 'sigmoid', 'softrelu', 'softsign', 'tanh'], *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Activation function, element by element."""

    def BatchNorm(
            self, gamma: NDArray, beta: NDArray, moving_mean: NDArray, moving_var: NDArray, eps: float = 0.001,
            momentum: float = 0.9, fix_gamma: bool = True, use_global_stats: bool = False,
            output_mean_var: bool = False, axis: int = 1, cudnn_off: bool = False, min_calib_range: float | None = None,
            max_calib_range: float | None = None, *, out: NDArray | Sequence[NDArray] | None = None,
            name: str | None = None) -> NDArray | Any:
        """Normalise each channel by its mean and variance over the batch."""

    def BatchNorm_v1(
            self, gamma: NDArray, beta: NDArray, moving_mean: NDArray, moving_var: NDArray, eps: float = 0.001,
            momentum: float = 0.9, fix_gamma: bool = True, use_global_stats: bool = False,
            output_mean_var: bool = False, *, out: NDArray | Sequence[NDArray] | None = None,
            name: str | None = None) -> NDArray | Any:
        """First version of `BatchNorm`, which files of before 2018 hold."""

    def BlockGrad(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The element itself; no gradient passes."""

    def Cast(self, dtype: DTypeLike, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The elements in another dtype, rounded to the nearest."""

    def Concat(
            self, *data: NDArray | Sequence[NDArray], dim: int = 1, num_args: int | None = None,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Arrays joined along an axis."""

    @overload
    def Convolution(
            self, weight: NDArray, bias: NDArray, kernel: ShapeLike, num_filter: int, stride: ShapeLike = (),
            dilate: ShapeLike = (), pad: ShapeLike = (), num_group: int = 1, no_bias: bool = False,
            workspace: int = 1024, cudnn_tune: Literal['fastest', 'limited_workspace', 'off'] | None = None,
            cudnn_off: bool = False, layout: Literal['NCDHW', 'NCHW', 'NCW'] | None = None, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Convolution (cross-correlation) over one, two or three spatial axes."""

    @overload
    def Convolution(
            self, weight: NDArray | None = None, bias: NDArray | None = None, *, kernel: ShapeLike, num_filter: int,
            stride: ShapeLike = (), dilate: ShapeLike = (), pad: ShapeLike = (), num_group: int = 1,
            no_bias: bool = False, workspace: int = 1024,
            cudnn_tune: Literal['fastest', 'limited_workspace', 'off'] | None = None, cudnn_off: bool = False,
            layout: Literal['NCDHW', 'NCHW', 'NCW'] | None = None, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Convolution (cross-correlation) over one, two or three spatial axes."""

    @overload
    def Convolution_v1(
            self, weight: NDArray, bias: NDArray, kernel: ShapeLike, num_filter: int, stride: ShapeLike = (),
            dilate: ShapeLike = (), pad: ShapeLike = (), num_group: int = 1, workspace: int = 1024,
            no_bias: bool = False, cudnn_tune: Literal['fastest', 'limited_workspace', 'off'] | None = None,
            cudnn_off: bool = False, layout: Literal['NCDHW', 'NCHW'] | None = None, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """First version of `Convolution`, which old files hold: the same."""

    @overload
    def Convolution_v1(
            self, weight: NDArray | None = None, bias: NDArray | None = None, *, kernel: ShapeLike, num_filter: int,
            stride: ShapeLike = (), dilate: ShapeLike = (), pad: ShapeLike = (), num_group: int = 1,
            workspace: int = 1024, no_bias: bool = False,
            cudnn_tune: Literal['fastest', 'limited_workspace', 'off'] | None = None, cudnn_off: bool = False,
            layout: Literal['NCDHW', 'NCHW'] | None = None, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """First version of `Convolution`, which old files hold: the same."""

    def Crop(
            self, *data: NDArray | Sequence[NDArray], num_args: int | None = None, offset: ShapeLike = (0, 0),
            h_w: ShapeLike = (0, 0), center_crop: bool = False, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """A window of each image, as high and wide as another image or as asked for."""

    @overload
    def Deconvolution(
            self, weight: NDArray, bias: NDArray, kernel: ShapeLike, num_filter: int, stride: ShapeLike = (),
            dilate: ShapeLike = (), pad: ShapeLike = (), adj: ShapeLike = (), target_shape: ShapeLike = (),
            num_group: int = 1, no_bias: bool = True, workspace: int = 512,
            cudnn_tune: Literal['fastest', 'limited_workspace', 'off'] | None = None, cudnn_off: bool = False,
            layout: Literal['NCDHW', 'NCHW', 'NCW'] | None = None, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Transposed convolution: what `Convolution`'s gradient does to its input."""

    @overload
    def Deconvolution(
            self, weight: NDArray | None = None, bias: NDArray | None = None, *, kernel: ShapeLike, num_filter: int,
            stride: ShapeLike = (), dilate: ShapeLike = (), pad: ShapeLike = (), adj: ShapeLike = (),
            target_shape: ShapeLike = (), num_group: int = 1, no_bias: bool = True, workspace: int = 512,
            cudnn_tune: Literal['fastest', 'limited_workspace', 'off'] | None = None, cudnn_off: bool = False,
            layout: Literal['NCDHW', 'NCHW', 'NCW'] | None = None, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Transposed convolution: what `Convolution`'s gradient does to its input."""

    def Dropout(
            self, p: float = 0.5, mode: Literal['always', 'training'] = 'training', axes: ShapeLike = (),
            cudnn_off: bool = False, key: int | NDArray | np.ndarray | None = None, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Set elements to zero at random while training, and scale the others so that the mean stays."""

    def ElementWiseSum(
            self, *data: NDArray | Sequence[NDArray], num_args: int | None = None, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Sum of several arrays."""

    def Embedding(
            self, weight: NDArray, input_dim: int, output_dim: int, dtype: DTypeLike = 'float32',
            sparse_grad: bool = False, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Look up a row of a table for each index."""

    def Flatten(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """All axes but the first as one."""

    @overload
    def FullyConnected(
            self, weight: NDArray, bias: NDArray, num_hidden: int, no_bias: bool = False, flatten: bool = True, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Dense layer."""

    @overload
    def FullyConnected(
            self, weight: NDArray | None = None, bias: NDArray | None = None, *, num_hidden: int, no_bias: bool = False,
            flatten: bool = True, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Dense layer."""

    def GroupNorm(
            self, gamma: NDArray, beta: NDArray, num_groups: int = 1, eps: float = 1e-05, output_mean_var: bool = False,
            *, out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """Normalise groups of channels of each instance by their own mean and variance."""

    def InstanceNorm(
            self, gamma: NDArray, beta: NDArray, eps: float = 0.001, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Normalise each channel of each instance by its own mean and variance."""

    def L2Normalization(
            self, eps: float = 1e-10, mode: Literal['channel', 'instance', 'spatial'] = 'instance', *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Divide by the Euclidean norm."""

    def LRN(
            self, *, alpha: float = 0.0001, beta: float = 0.75, knorm: float = 2.0, nsize: int,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Local response normalisation: divide by the activity of neighbouring channels."""

    def LayerNorm(
            self, gamma: NDArray, beta: NDArray, axis: int = -1, eps: float = 1e-05, output_mean_var: bool = False, *,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """Normalise along one axis by its mean and variance."""

    def LeakyReLU(
            self, gamma: NDArray | None = None,
            act_type: Literal['elu', 'gelu', 'leaky', 'prelu', 'rrelu', 'selu'] = 'leaky', slope: float = 0.25,
            lower_bound: float = 0.125, upper_bound: float = 0.334, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Activations that let negative values through."""

    def LinearRegressionOutput(
            self, label: NDArray, grad_scale: float = 1.0, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """The data itself, with the gradient of half the squared error against `label`."""

    def LogisticRegressionOutput(
            self, label: NDArray, grad_scale: float = 1.0, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """The sigmoid of the data, with the gradient of the cross-entropy against `label`."""

    def MAERegressionOutput(
            self, label: NDArray, grad_scale: float = 1.0, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """The data itself, with the gradient of the absolute error against `label`."""

    def MakeLoss(
            self, grad_scale: float = 1.0, valid_thresh: float = 0.0,
            normalization: Literal['batch', 'null', 'valid'] = 'null', *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """The data itself, taken as a loss: its gradient is a constant."""

    def Pad(
            self, mode: Literal['constant', 'edge', 'reflect'], pad_width: ShapeLike, constant_value: float = 0.0, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The array with a border."""

    def Pooling(
            self, kernel: ShapeLike = (), pool_type: Literal['avg', 'lp', 'max', 'sum'] = 'max',
            global_pool: bool = False, cudnn_off: bool = False,
            pooling_convention: Literal['full', 'same', 'valid'] = 'valid', stride: ShapeLike = (), pad: ShapeLike = (),
            p_value: int | None = None, count_include_pad: bool | None = None,
            layout: Literal['NCDHW', 'NCHW', 'NCW'] | None = None, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Maximum, mean, sum or p-norm of each window."""

    def Pooling_v1(
            self, kernel: ShapeLike = (), pool_type: Literal['avg', 'max', 'sum'] = 'max', global_pool: bool = False,
            pooling_convention: Literal['full', 'valid'] = 'valid', stride: ShapeLike = (), pad: ShapeLike = (), *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """First version of `Pooling`, which old files hold."""

    @overload
    def RNN(
            self, parameters: NDArray, state: NDArray, state_cell: NDArray, sequence_length: NDArray, *,
            state_size: int, num_layers: int, bidirectional: bool = False,
            mode: Literal['gru', 'lstm', 'rnn_relu', 'rnn_tanh'], p: float = 0.0, state_outputs: bool = False,
            projection_size: int | None = None, lstm_state_clip_min: float | None = None,
            lstm_state_clip_max: float | None = None, lstm_state_clip_nan: bool = False,
            use_sequence_length: bool = False, key: int | NDArray | np.ndarray | None = None,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """Recurrent layers over a whole sequence: Elman's, LSTM or GRU, in one direction or both."""

    @overload
    def RNN(
            self, parameters: NDArray | None = None, state: NDArray | None = None, state_cell: NDArray | None = None,
            sequence_length: NDArray | None = None, *, state_size: int, num_layers: int, bidirectional: bool = False,
            mode: Literal['gru', 'lstm', 'rnn_relu', 'rnn_tanh'], p: float = 0.0, state_outputs: bool = False,
            projection_size: int | None = None, lstm_state_clip_min: float | None = None,
            lstm_state_clip_max: float | None = None, lstm_state_clip_nan: bool = False,
            use_sequence_length: bool = False, key: int | NDArray | np.ndarray | None = None,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """Recurrent layers over a whole sequence: Elman's, LSTM or GRU, in one direction or both."""

    def Reshape(
            self, shape: ShapeLike = (), reverse: bool = False, target_shape: ShapeLike = (),
            keep_highest: bool = False, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The elements in the same order under another shape."""

    def SVMOutput(
            self, label: NDArray, margin: float = 1.0, regularization_coefficient: float = 1.0,
            use_linear: bool = False, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The data itself, with the gradient of a support vector machine's loss against `label`."""

    def SequenceLast(
            self, sequence_length: NDArray | None = None, use_sequence_length: bool = False, axis: int = 0, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The last element of each sequence."""

    def SequenceMask(
            self, sequence_length: NDArray | None = None, use_sequence_length: bool = False, value: float = 0.0,
            axis: int = 0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Each sequence cut to its length: what comes after holds a constant."""

    def SequenceReverse(
            self, sequence_length: NDArray | None = None, use_sequence_length: bool = False, axis: int = 0, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Each sequence in reverse order; what comes after its length keeps its place."""

    def SliceChannel(
            self, num_outputs: int, axis: int = 1, squeeze_axis: bool = False, *,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """Equal parts along an axis."""

    def Softmax(
            self, label: NDArray, grad_scale: float = 1.0, ignore_label: float = -1.0, multi_output: bool = False,
            use_ignore: bool = False, preserve_shape: bool = False,
            normalization: Literal['batch', 'null', 'valid'] = 'null', out_grad: bool = False,
            smooth_alpha: float = 0.0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Softmax whose gradient is that of the cross-entropy against `label`."""

    def SoftmaxActivation(
            self, mode: Literal['channel', 'instance'] = 'instance', *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Softmax along the last axis, or over the channels."""

    def SoftmaxOutput(
            self, label: NDArray, grad_scale: float = 1.0, ignore_label: float = -1.0, multi_output: bool = False,
            use_ignore: bool = False, preserve_shape: bool = False,
            normalization: Literal['batch', 'null', 'valid'] = 'null', out_grad: bool = False,
            smooth_alpha: float = 0.0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Softmax whose gradient is that of the cross-entropy against `label`."""

    def SwapAxis(self, dim1: int = 0, dim2: int = 0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Two axes in each other's place."""

    def UpSampling(
            self, *data: NDArray | Sequence[NDArray], scale: int, num_filter: int = 0,
            sample_type: Literal['bilinear', 'nearest'], multi_input_mode: Literal['concat', 'sum'] = 'concat',
            num_args: int | None = None, workspace: int = 512, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Grow images along both spatial axes, and join the channels of several."""

    def abs(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Absolute value."""

    def adabelief_update(
            self, grad: NDArray, mean: NDArray, var: NDArray, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 1e-08, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray | None = None, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step by how far the gradient is from what was believed (AdaBelief)."""

    def adadelta_update(
            self, grad: NDArray, squares: NDArray, moves: NDArray, lr: Number | NDArray | np.ndarray = 1.0,
            rho: Number | NDArray | np.ndarray = 0.9, epsilon: Number | NDArray | np.ndarray = 1e-05,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, decoupled_weight_decay: bool = True, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step by the gradient, scaled as earlier steps are to earlier gradients (AdaDelta)."""

    def adafactor_mom_update(
            self, grad: NDArray, mom: NDArray, row: NDArray, column: NDArray, *, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.9, beta2_decay: Number | NDArray | np.ndarray = -0.8,
            eps1: Number | NDArray | np.ndarray = 1.1920929e-07, eps2: Number | NDArray | np.ndarray = 0.001,
            clip_threshold: Number | NDArray | np.ndarray = 1.0, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, relative_step: bool = True, scale_parameter: bool = True,
            min_dim_size_to_factor: int = 1, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by a mean of Adafactor's steps."""

    def adafactor_update(
            self, grad: NDArray, row: NDArray, column: NDArray, *, lr: Number | NDArray | np.ndarray,
            beta2_decay: Number | NDArray | np.ndarray = -0.8, eps1: Number | NDArray | np.ndarray = 1.1920929e-07,
            eps2: Number | NDArray | np.ndarray = 0.001, clip_threshold: Number | NDArray | np.ndarray = 1.0,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, t: Number | NDArray | np.ndarray, relative_step: bool = True,
            scale_parameter: bool = True, min_dim_size_to_factor: int = 1, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step by the gradient over roots of squares, by rows and columns, in parts of the weight (Adafactor)."""

    def adagrad_lr_decay_update(
            self, grad: NDArray, history: NDArray, *, lr: Number | NDArray | np.ndarray,
            lr_decay: Number | NDArray | np.ndarray = 0.0, epsilon: Number | NDArray | np.ndarray = 1e-10,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, t: Number | NDArray | np.ndarray,
            initial_accumulator: Number | NDArray | np.ndarray = 0.0, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """AdaGrad as torch has it: decay in the gradient, epsilon outside of the root, a rate that falls."""

    def adagrad_update(
            self, grad: NDArray | RowSparseNDArray, history: NDArray | RowSparseNDArray,
            lr: Number | NDArray | np.ndarray, epsilon: Number | NDArray | np.ndarray = 1e-07,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, epsilon_in_root: bool = True,
            initial_accumulator: Number | NDArray | np.ndarray = 0.0, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step by the gradient over the root of the sum of all its squares (AdaGrad)."""

    def adam_update(
            self, grad: NDArray | RowSparseNDArray, mean: NDArray | RowSparseNDArray, var: NDArray | RowSparseNDArray,
            lr: Number | NDArray | np.ndarray, beta1: Number | NDArray | np.ndarray = 0.9,
            beta2: Number | NDArray | np.ndarray = 0.999, epsilon: Number | NDArray | np.ndarray = 1e-08,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, lazy_update: bool = True, rounded_once: bool = False, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by the ratio of two running moments of the gradient (Adam)."""

    def adamax_update(
            self, grad: NDArray, mean: NDArray, largest: NDArray, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, t: Number | NDArray | np.ndarray | None = None,
            epsilon: Number | NDArray | np.ndarray = 0.0, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step by the running mean of the gradient over the largest gradient of late (Adamax)."""

    def adamp_update(
            self, grad: NDArray, mean: NDArray, var: NDArray, *, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 1e-08, delta: Number | NDArray | np.ndarray = 0.1,
            wd_ratio: Number | NDArray | np.ndarray = 0.1, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, nesterov: bool = False, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step by Adam's ratio without the part that only changes the norm of the weight (AdamP)."""

    def adamw_update(
            self, grad: NDArray, mean: NDArray, var: NDArray, rescale_grad: NDArray, lr: Number | NDArray | np.ndarray,
            eta: Number | NDArray | np.ndarray, beta1: Number | NDArray | np.ndarray = 0.9,
            beta2: Number | NDArray | np.ndarray = 0.999, epsilon: Number | NDArray | np.ndarray = 1e-08,
            wd: Number | NDArray | np.ndarray = 0.0, clip_gradient: float = -1.0, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Adam with decoupled weight decay (AdamW)."""

    def adan_update(
            self, grad: NDArray, mean: NDArray, diff: NDArray, var: NDArray, prev: NDArray, *,
            lr: Number | NDArray | np.ndarray, beta1: Number | NDArray | np.ndarray = 0.98,
            beta2: Number | NDArray | np.ndarray = 0.92, beta3: Number | NDArray | np.ndarray = 0.99,
            epsilon: Number | NDArray | np.ndarray = 1e-08, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, no_prox: bool = False, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step by the means of gradients and of their differences (Adan)."""

    def add_n(
            self, *data: NDArray | Sequence[NDArray], num_args: int | None = None, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Sum of several arrays."""

    def ademamix_update(
            self, grad: NDArray, mean: NDArray, slow: NDArray, var: NDArray, *, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            beta3: Number | NDArray | np.ndarray = 0.9999, alpha: Number | NDArray | np.ndarray = 5.0,
            alpha_steps: Number | NDArray | np.ndarray = 0.0, beta3_steps: Number | NDArray | np.ndarray = 0.0,
            epsilon: Number | NDArray | np.ndarray = 1e-08, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by a fast and a slow mean of gradients over the root of squares (AdEMAMix)."""

    def adopt_update(
            self, grad: NDArray, mean: NDArray, var: NDArray, *, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.9999,
            epsilon: Number | NDArray | np.ndarray = 1e-06, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, clips: bool = True, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step by the mean of gradients, each over the root of the squares before it (ADOPT)."""

    def all_finite(self, init_output: bool = True, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Tell whether every element is finite."""

    def amp_cast(self, dtype: DTypeLike, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The elements in another dtype, as automatic mixed precision inserts it; files may leave it out."""

    def amsgrad_update(
            self, grad: NDArray, mean: NDArray, var: NDArray, largest: NDArray, *, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 1e-08, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, decoupled_weight_decay: bool = False, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step by Adam's mean over the largest mean of squares that there has been (AMSGrad)."""

    def arccos(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Inverse of the cosine."""

    def arccosh(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Inverse of the hyperbolic cosine."""

    def arcsin(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Inverse of the sine."""

    def arcsinh(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Inverse of the hyperbolic sine."""

    def arctan(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Inverse of the tangent."""

    def arctanh(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Inverse of the hyperbolic tangent."""

    def argmax(
            self, axis: int | None = None, keepdims: bool = False, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Place of the largest element along an axis, in the dtype of the elements; the first where there are
        several."""

    def argmax_channel(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Place of the largest element along axis 1, in the dtype of the elements; the first where there are
        several."""

    def argmin(
            self, axis: int | None = None, keepdims: bool = False, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Place of the smallest element along an axis, in the dtype of the elements; the first where there are
        several."""

    def argsort(
            self, axis: int | None = -1, is_ascend: bool = True, dtype: DTypeLike = 'float32', *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The places of the elements in their order along an axis."""

    def asgd_update(
            self, grad: NDArray, average: NDArray, next_rate: NDArray, next_share: NDArray, *,
            lr: Number | NDArray | np.ndarray, lambd: Number | NDArray | np.ndarray = 0.0001,
            alpha: Number | NDArray | np.ndarray = 0.75, t0: Number | NDArray | np.ndarray = 1000000.0,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, t: Number | NDArray | np.ndarray, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step against the gradient with a rate that falls, and average the weights (ASGD)."""

    def batch_dot(
            self, rhs: NDArray, transpose_a: bool = False, transpose_b: bool = False, forward_stype: str | None = None,
            *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Product of matrices, one pair for each place of the axes before the last two."""

    def batch_take(self, indices: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """One element of each row."""

    def broadcast_add(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Sum of `lhs` and `rhs` after broadcasting."""

    def broadcast_axes(
            self, axis: ShapeLike = (), size: ShapeLike = (), *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """The array repeated along axes of length 1."""

    def broadcast_axis(
            self, axis: ShapeLike = (), size: ShapeLike = (), *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """The array repeated along axes of length 1."""

    def broadcast_div(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Quotient of `lhs` and `rhs`, which broadcast; integers divide towards zero."""

    def broadcast_equal(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 where `lhs` equals `rhs`, which broadcast, else 0."""

    def broadcast_greater(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 where `lhs` is above `rhs`, which broadcast, else 0."""

    def broadcast_greater_equal(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 where `lhs` is not below `rhs`, which broadcast, else 0."""

    def broadcast_hypot(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The hypotenuse of `lhs` and `rhs` after broadcasting."""

    def broadcast_lesser(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 where `lhs` is below `rhs`, which broadcast, else 0."""

    def broadcast_lesser_equal(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 where `lhs` is not above `rhs`, which broadcast, else 0."""

    def broadcast_like(
            self, rhs: NDArray, lhs_axes: ShapeLike | None = None, rhs_axes: ShapeLike | None = None, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """One array repeated to the shape of another."""

    def broadcast_logical_and(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 where both `lhs` and `rhs`, which broadcast are not 0, else 0."""

    def broadcast_logical_or(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 where `lhs` or `rhs`, which broadcast is not 0, else 0."""

    def broadcast_logical_xor(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 where one of `lhs` and `rhs`, which broadcast is 0 and the other is not, else 0."""

    def broadcast_maximum(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The larger of `lhs` and `rhs`, which broadcast; NaN if one is."""

    def broadcast_minimum(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The smaller of `lhs` and `rhs`, which broadcast; NaN if one is."""

    def broadcast_minus(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Difference of `lhs` and `rhs` after broadcasting."""

    def broadcast_mod(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Remainder of `lhs` divided by `rhs`, which broadcast, with the sign of the divisor."""

    def broadcast_mul(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Product of `lhs` and `rhs` after broadcasting."""

    def broadcast_not_equal(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 where `lhs` differs from `rhs`, which broadcast, else 0."""

    def broadcast_plus(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Sum of `lhs` and `rhs` after broadcasting."""

    def broadcast_power(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """`lhs` to the power of `rhs` after broadcasting."""

    def broadcast_sub(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Difference of `lhs` and `rhs` after broadcasting."""

    def broadcast_to(self, shape: ShapeLike, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The array repeated to a shape."""

    def came_update(
            self, grad: NDArray, mean: NDArray, row: NDArray, column: NDArray, doubt_row: NDArray,
            doubt_column: NDArray, lr: Number | NDArray | np.ndarray, beta1: Number | NDArray | np.ndarray = 0.9,
            beta2: Number | NDArray | np.ndarray = 0.999, beta3: Number | NDArray | np.ndarray = 0.9999,
            eps1: Number | NDArray | np.ndarray = 1e-30, eps2: Number | NDArray | np.ndarray = 1e-16,
            clip_threshold: Number | NDArray | np.ndarray = 1.0, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by a mean of Adafactor's steps, over how far they are from it (CAME)."""

    def cast(self, dtype: DTypeLike, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The elements in another dtype, rounded to the nearest."""

    def cbrt(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Cube root."""

    def ceil(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The integer at or above."""

    def clip(
            self, a_min: Number | NDArray | np.ndarray, a_max: Number | NDArray | np.ndarray, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The elements limited to [a_min, a_max]; NaN stays NaN, and its gradient passes."""

    def clip_global_norm(
            self, *data: NDArray | Sequence[NDArray], max_norm: Number | NDArray | np.ndarray,
            num_arrays: int | None = None, out: NDArray | Sequence[NDArray] | None = None,
            name: str | None = None) -> NDArray | Any:
        """Scale arrays together so that their common norm is at most `max_norm`."""

    def concat(
            self, *data: NDArray | Sequence[NDArray], dim: int = 1, num_args: int | None = None,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Arrays joined along an axis."""

    def cos(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Cosine."""

    def cosh(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Hyperbolic cosine."""

    def crop(
            self, begin: int | Sequence[int | None], end: int | Sequence[int | None],
            step: int | Sequence[int | None] = (), *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """A region: from `begin` to before `end` along the first axes."""

    def cumsum(
            self, axis: int | None = None, dtype: DTypeLike | None = None, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """The sum of the elements so far, along an axis."""

    def dcasgd_update(
            self, grad: NDArray, mom: NDArray, previous: NDArray, lr: Number | NDArray | np.ndarray,
            momentum: Number | NDArray | np.ndarray = 0.0, lamda: Number | NDArray | np.ndarray = 0.04,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step against the gradient, moved to where the weights are now (delay-compensated asynchronous SGD)."""

    def degrees(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Radians as degrees."""

    def depth_to_space(self, block_size: int, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Channels laid out as blocks of pixels."""

    def diag(
            self, k: int = 0, axis1: int = 0, axis2: int = 1, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """The diagonal of matrices, or the matrix with a diagonal."""

    def dot(
            self, rhs: NDArray, transpose_a: bool = False, transpose_b: bool = False, forward_stype: str | None = None,
            *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Product of matrices: the last axis of one summed with the first axis of the other."""

    def elemwise_add(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Sum of `lhs` and `rhs`."""

    def elemwise_div(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Quotient of `lhs` and `rhs`; integers divide towards zero."""

    def elemwise_mul(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Product of `lhs` and `rhs`."""

    def elemwise_sub(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Difference of `lhs` and `rhs`."""

    def erf(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Gauss error function."""

    def erfinv(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The value whose Gauss error function is the element."""

    def exp(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """e to the power of the element."""

    def expm1(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """e to the power of the element, less 1, exact near zero."""

    def fill_element_0index(
            self, mhs: NDArray, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """An array with one element of each row replaced."""

    def fix(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The integer towards zero."""

    def flip(self, axis: ShapeLike, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The elements in reverse order along axes."""

    def floor(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The integer at or below."""

    def ftml_update(
            self, grad: NDArray, d: NDArray, v: NDArray, z: NDArray, *, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.6, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 1e-08, t: Number | NDArray | np.ndarray,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_grad: float = -1.0, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Follow the moving leader (FTML)."""

    def ftrl_update(
            self, grad: NDArray | RowSparseNDArray, z: NDArray | RowSparseNDArray, n: NDArray | RowSparseNDArray,
            lr: Number | NDArray | np.ndarray, lamda1: Number | NDArray | np.ndarray = 0.01,
            beta: Number | NDArray | np.ndarray = 1.0, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Follow the regularised leader (FTRL-proximal): most weights are exactly zero."""

    def gamma(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Gamma function."""

    def gammaln(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Logarithm of the absolute value of the gamma function."""

    def gather_nd(self, indices: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Elements or slices at places of several axes."""

    def group_adagrad_update(
            self, grad: NDArray | RowSparseNDArray, history: NDArray | RowSparseNDArray,
            lr: Number | NDArray | np.ndarray, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, epsilon: Number | NDArray | np.ndarray = 1e-05, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """AdaGrad with one history for each row, as for the rows of an embedding."""

    def hard_sigmoid(
            self, alpha: Number | NDArray | np.ndarray = 0.2, beta: Number | NDArray | np.ndarray = 0.5, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Sigmoid of straight pieces, :math:`\\min(1, \\max(0, \\alpha x + \\beta))`."""

    def identity(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The element itself."""

    def isfinite(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 where the element is finite, else 0."""

    def isinf(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 where the element is infinite, else 0."""

    def isnan(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 where the element is NaN, else 0."""

    def khatri_rao(
            self, *data: NDArray | Sequence[NDArray], num_args: int | None = None, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Products of the columns of matrices, each element of one with each of the next (Khatri-Rao product)."""

    def lamb_update_phase1(
            self, grad: NDArray, mean: NDArray, var: NDArray, *, beta1: Number | NDArray | np.ndarray = 0.9,
            beta2: Number | NDArray | np.ndarray = 0.999, epsilon: Number | NDArray | np.ndarray = 1e-06,
            t: Number | NDArray | np.ndarray, bias_correction: bool = True, wd: Number | NDArray | np.ndarray,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Direction of a LAMB step; `lamb_update_phase2` takes the step."""

    def lamb_update_phase2(
            self, g: NDArray, r1: NDArray, r2: NDArray, lr: Number | NDArray | np.ndarray, lower_bound: float = -1.0,
            upper_bound: float = -1.0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step of LAMB along a direction, in proportion to the weight's norm."""

    def linalg_det(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Determinant of each matrix."""

    def linalg_extractdiag(self, offset: int = 0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """A diagonal of each matrix."""

    def linalg_extracttrian(
            self, offset: int = 0, lower: bool = True, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """A triangle of each matrix: a lower one row after row, an upper one column after column."""

    def linalg_gelqf(self, *, out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> list[NDArray]:
        """LQ decomposition: `A` as the product of a lower triangular matrix L and a matrix Q with orthonormal rows."""

    def linalg_gemm(
            self, B: NDArray, C: NDArray, transpose_a: bool = False, transpose_b: bool = False,
            alpha: Number | NDArray | np.ndarray = 1.0, beta: Number | NDArray | np.ndarray = 1.0, axis: int = -2, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Scaled product of matrices and a scaled matrix, :math:`\\alpha A B + \\beta C`."""

    def linalg_gemm2(
            self, B: NDArray, transpose_a: bool = False, transpose_b: bool = False,
            alpha: Number | NDArray | np.ndarray = 1.0, axis: int = -2, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Scaled product of matrices, :math:`\\alpha A B`."""

    def linalg_inverse(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Inverse of each matrix."""

    def linalg_makediag(self, offset: int = 0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Matrices with a given diagonal, and zeros elsewhere."""

    def linalg_maketrian(
            self, offset: int = 0, lower: bool = True, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Matrices with a given triangle, and zeros elsewhere: the reverse of `linalg_extracttrian`."""

    def linalg_potrf(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Cholesky factor: the lower triangular matrix whose product with its transpose is `A`."""

    def linalg_potri(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Inverse of the matrix whose Cholesky factor is given: of the product of the factor with its transpose."""

    def linalg_slogdet(
            self, *, out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> list[NDArray]:
        """Sign, and logarithm of the absolute value, of the determinant of each matrix."""

    def linalg_sumlogdiag(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Sum of the logarithms of the diagonal of each matrix."""

    def linalg_syrk(
            self, transpose: bool = False, alpha: Number | NDArray | np.ndarray = 1.0, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Scaled product of a matrix with its own transpose, :math:`\\alpha A A^T`."""

    def linalg_trmm(
            self, B: NDArray, transpose: bool = False, rightside: bool = False, lower: bool = True,
            alpha: Number | NDArray | np.ndarray = 1.0, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Scaled product of a triangular matrix and a matrix, :math:`\\alpha A B` or :math:`\\alpha B A`."""

    def linalg_trsm(
            self, B: NDArray, transpose: bool = False, rightside: bool = False, lower: bool = True,
            alpha: Number | NDArray | np.ndarray = 1.0, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Solution :math:`X` of :math:`A X = \\alpha B`, or of :math:`X A = \\alpha B`, with a triangular matrix."""

    def lion_update(
            self, grad: NDArray, mom: NDArray, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.99,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by the sign of a mixture of momentum and gradient (Lion)."""

    def log(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Natural logarithm."""

    def log10(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Decimal logarithm."""

    def log1p(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Natural logarithm of 1 and the element, exact near zero."""

    def log2(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Binary logarithm."""

    def log_softmax(
            self, axis: int = -1, temperature: float | None = None, dtype: DTypeLike | None = None,
            use_length: bool = False, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The logarithm of the softmax, computed without overflow."""

    def logical_not(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 where the element is 0, else 0."""

    def make_loss(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The data itself, taken as a loss: its gradient is 1."""

    def mars_update(
            self, grad: NDArray, mean: NDArray, var: NDArray, last: NDArray, *, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.95, beta2: Number | NDArray | np.ndarray = 0.99,
            gamma: Number | NDArray | np.ndarray = 0.025, epsilon: Number | NDArray | np.ndarray = 1e-08,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, t: Number | NDArray | np.ndarray, optimize_1d: bool = False,
            beta1_1d: Number | NDArray | np.ndarray = 0.9, beta2_1d: Number | NDArray | np.ndarray = 0.95,
            lr_1d_factor: Number | NDArray | np.ndarray = 1.0, wd_1d_factor: Number | NDArray | np.ndarray = 1.0,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step as AdamW does, by gradients corrected by how they changed (MARS-AdamW)."""

    def max(
            self, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Maximum over some axes."""

    def max_axis(
            self, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Maximum over some axes."""

    def mean(
            self, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Mean over some axes."""

    def min(
            self, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Minimum over some axes."""

    def min_axis(
            self, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Minimum over some axes."""

    def moments(
            self, axes: ShapeLike | None = None, keepdims: bool = False, *,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> list[NDArray]:
        """Mean and variance over some axes."""

    def mp_adamw_update(
            self, grad: NDArray, mean: NDArray, var: NDArray, weight32: NDArray, rescale_grad: NDArray,
            lr: Number | NDArray | np.ndarray, eta: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 1e-08, wd: Number | NDArray | np.ndarray = 0.0,
            clip_gradient: float = -1.0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """AdamW on a float32 master copy: `adamw_update` on `weight32`."""

    def mp_lamb_update_phase1(
            self, grad: NDArray, mean: NDArray, var: NDArray, weight32: NDArray, *,
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 1e-06, t: Number | NDArray | np.ndarray,
            bias_correction: bool = True, wd: Number | NDArray | np.ndarray,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Direction of a LAMB step on a float32 master copy: `lamb_update_phase1` on `weight32`."""

    def mp_lamb_update_phase2(
            self, g: NDArray, r1: NDArray, r2: NDArray, weight32: NDArray, lr: Number | NDArray | np.ndarray,
            lower_bound: float = -1.0, upper_bound: float = -1.0, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step of LAMB on a float32 master copy: `lamb_update_phase2` on `weight32`."""

    def mp_nag_mom_update(
            self, grad: NDArray, mom: NDArray, weight32: NDArray, lr: Number | NDArray | np.ndarray,
            momentum: Number | NDArray | np.ndarray = 0.0, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            rate_in_momentum: bool = True, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Nesterov's accelerated gradient on a float32 master copy: `nag_mom_update` on `weight32`."""

    def mp_sgd_mom_update(
            self, grad: NDArray, mom: NDArray, weight32: NDArray, lr: Number | NDArray | np.ndarray,
            momentum: Number | NDArray | np.ndarray = 0.0, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0, lazy_update: bool = True,
            rate_in_momentum: bool = True, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """SGD with momentum on a float32 master copy: `sgd_mom_update` on `weight32`."""

    def mp_sgd_update(
            self, grad: NDArray, weight32: NDArray, lr: Number | NDArray | np.ndarray,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, lazy_update: bool = True, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """SGD on a float32 master copy of low-precision weights: `sgd_update` on `weight32`."""

    def multi_adamw_update(
            self, *data: NDArray | Sequence[NDArray],
            lrs: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            wds: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            etas: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 1e-08, clip_gradient: float = -1.0, num_weights: int | None = None,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """AdamW on many tensors at once: `adamw_update` of each."""

    def multi_all_finite(
            self, *data: NDArray | Sequence[NDArray], num_arrays: int | None = None, init_output: bool = True,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Tell whether every element of many arrays is finite."""

    def multi_dadapt_adam_update(
            self, *data: NDArray | Sequence[NDArray],
            learning_rates: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 1e-08, d0: Number | NDArray | np.ndarray = 1e-06,
            growth_rate: float = -1.0, wds: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            num_tensors: int | None = None, out: NDArray | Sequence[NDArray] | None = None,
            name: str | None = None) -> NDArray | Any:
        """Step by Adam's moments at a rate that follows from sums of gradients, many tensors at once (D-Adaptation)."""

    def multi_dadapt_sgd_update(
            self, *data: NDArray | Sequence[NDArray],
            learning_rates: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            momentum: Number | NDArray | np.ndarray = 0.0, d0: Number | NDArray | np.ndarray = 1e-06,
            growth_rate: float = -1.0, wds: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            num_tensors: int | None = None, out: NDArray | Sequence[NDArray] | None = None,
            name: str | None = None) -> NDArray | Any:
        """Step against the gradient at a rate that follows from sums of gradients, many tensors at once
        (D-Adaptation)."""

    def multi_lamb_update(
            self, *data: NDArray | Sequence[NDArray],
            learning_rates: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 1e-06,
            wds: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            rescale_grad: Number | NDArray | np.ndarray = 1.0, lower_bound: float = -1.0, upper_bound: float = -1.0,
            clip_gradient: float = -1.0, bias_correction: bool = True,
            step_count: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            num_tensors: int | None = None, max_grad_norm: Number | NDArray | np.ndarray | None = None,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """LAMB on many tensors at once: `lamb_update_phase1`, the norms, and `lamb_update_phase2` of each."""

    def multi_lans_update(
            self, *data: NDArray | Sequence[NDArray],
            learning_rates: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 1e-06,
            wds: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            rescale_grad: Number | NDArray | np.ndarray = 1.0, lower_bound: float = -1.0, upper_bound: float = -1.0,
            clip_gradient: float = -1.0,
            step_count: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            num_tensors: int | None = None, out: NDArray | Sequence[NDArray] | None = None,
            name: str | None = None) -> NDArray | Any:
        """LANS on many tensors at once."""

    def multi_lars(
            self, weights_sum_sq: NDArray, grads_sum_sq: NDArray, wds: NDArray, eta: Number | NDArray | np.ndarray,
            eps: Number | NDArray | np.ndarray, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            decay_norm: Literal['sum', 'joint'] = 'sum', *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Scale learning rates by the ratio of weight norm to gradient norm, layer by layer (LARS)."""

    def multi_mp_adamw_update(
            self, *data: NDArray | Sequence[NDArray],
            lrs: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            wds: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            etas: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 1e-08, clip_gradient: float = -1.0, num_weights: int | None = None,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """AdamW on float32 master copies, many tensors at once: `multi_adamw_update` on the `weight32`."""

    def multi_mp_lamb_update(
            self, *data: NDArray | Sequence[NDArray],
            learning_rates: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 1e-06,
            wds: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            rescale_grad: Number | NDArray | np.ndarray = 1.0, lower_bound: float = -1.0, upper_bound: float = -1.0,
            clip_gradient: float = -1.0, bias_correction: bool = True,
            step_count: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            num_tensors: int | None = None, max_grad_norm: Number | NDArray | np.ndarray | None = None,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """LAMB on float32 master copies, many tensors at once: `multi_lamb_update` on the `weight32`."""

    def multi_mp_sgd_mom_update(
            self, *data: NDArray | Sequence[NDArray],
            lrs: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            wds: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            momentum: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, num_weights: int | None = None, rate_in_momentum: bool = True,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """SGD with momentum on float32 master copies, many tensors at once: `sgd_mom_update` on each `weight32`."""

    def multi_mp_sgd_update(
            self, *data: NDArray | Sequence[NDArray],
            lrs: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            wds: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            num_weights: int | None = None, out: NDArray | Sequence[NDArray] | None = None,
            name: str | None = None) -> NDArray | Any:
        """SGD on float32 master copies, many tensors at once: `multi_sgd_update` on the `weight32`."""

    def multi_prodigy_update(
            self, *data: NDArray | Sequence[NDArray],
            learning_rates: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            beta3: Number | NDArray | np.ndarray | None = None, epsilon: Number | NDArray | np.ndarray = 1e-08,
            d0: Number | NDArray | np.ndarray = 1e-06, d_coef: Number | NDArray | np.ndarray = 1.0,
            growth_rate: float = -1.0, wds: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            safeguard_warmup: bool = False, num_tensors: int | None = None,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """Step by Adam's moments at a rate that follows from how far weights have come, many tensors at once
        (Prodigy)."""

    def multi_sgd_mom_update(
            self, *data: NDArray | Sequence[NDArray],
            lrs: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            wds: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            momentum: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, num_weights: int | None = None, rate_in_momentum: bool = True,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """Step along the momentum, many tensors at once: `sgd_mom_update` of each."""

    def multi_sgd_update(
            self, *data: NDArray | Sequence[NDArray],
            lrs: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            wds: Number | NDArray | np.ndarray | Sequence[Number | NDArray | np.ndarray],
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            num_weights: int | None = None, out: NDArray | Sequence[NDArray] | None = None,
            name: str | None = None) -> NDArray | Any:
        """Step against the gradient, many tensors at once (SGD)."""

    def multi_sum_sq(
            self, *data: NDArray | Sequence[NDArray], num_arrays: int | None = None, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Sum of the squares of each array."""

    def muon_update(
            self, grad: NDArray, mom: NDArray, *, lr: Number | NDArray | np.ndarray,
            momentum: Number | NDArray | np.ndarray = 0.95, nesterov: bool = True, steps: int = 5,
            epsilon: Number | NDArray | np.ndarray = 1e-07,
            scale: Literal['original', 'match_rms_adamw', 'none'] = 'original', wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, lr_1d_factor: Number | NDArray | np.ndarray = 1.0,
            beta1_1d: Number | NDArray | np.ndarray = 0.9, beta2_1d: Number | NDArray | np.ndarray = 0.999,
            epsilon_1d: Number | NDArray | np.ndarray = 1e-08,
            matmul_precision: Literal['highest', 'bfloat16'] = 'highest', out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step by a momentum whose singular values are brought near to one (Muon)."""

    def nadam_update(
            self, grad: NDArray, mean: NDArray, var: NDArray, product: NDArray, *, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 1e-08, schedule_decay: Number | NDArray | np.ndarray = 0.004,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, t: Number | NDArray | np.ndarray, decoupled_weight_decay: bool = False,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by Adam's moments, with a momentum that looks ahead and whose size is scheduled (Nadam)."""

    def nag_mom_update(
            self, grad: NDArray, mom: NDArray, lr: Number | NDArray | np.ndarray,
            momentum: Number | NDArray | np.ndarray = 0.0, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            rate_in_momentum: bool = True, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step with Nesterov's accelerated gradient."""

    def nanprod(
            self, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Product of the elements that are not NaN over some axes."""

    def nansum(
            self, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Sum of the elements that are not NaN over some axes."""

    def negative(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The element with the other sign."""

    def norm(
            self, ord: int = 2, axis: ShapeLike | None = None, out_dtype: DTypeLike | None = None,
            keepdims: bool = False, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Euclidean norm, or the sum of absolute values."""

    def novograd_update(
            self, grad: NDArray, mean: NDArray, var: NDArray, *, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.95, beta2: Number | NDArray | np.ndarray = 0.98,
            epsilon: Number | NDArray | np.ndarray = 1e-08, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, grad_averaging: bool = False, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step by a momentum of gradients, each over the mean norm of its tensor (NovoGrad)."""

    def one_hot(
            self, depth: int, on_value: float = 1.0, off_value: float = 0.0, dtype: DTypeLike = 'float32', *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """One value at the place each index names along a new last axis, another value elsewhere."""

    def onehot_encode(self, rhs: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Write 1 where the index of each row names an element, 0 elsewhere."""

    def ones_like(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 for every element."""

    def pad(
            self, mode: Literal['constant', 'edge', 'reflect'], pad_width: ShapeLike, constant_value: float = 0.0, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The array with a border."""

    def pick(
            self, index: NDArray, axis: int = -1, keepdims: bool = False, mode: Literal['clip', 'wrap'] = 'clip', *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """One element along an axis for each index."""

    def polygamma(self, n: int = 0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Derivative of order `n` of the digamma function, the logarithmic derivative of the gamma function."""

    def preloaded_multi_mp_sgd_mom_update(
            self, *data: NDArray | Sequence[NDArray], momentum: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            num_weights: int | None = None, rate_in_momentum: bool = True,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """SGD with momentum on master copies, with rates that are arrays: `sgd_mom_update` on each `weight32`."""

    def preloaded_multi_mp_sgd_update(
            self, *data: NDArray | Sequence[NDArray], rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, num_weights: int | None = None, out: NDArray | Sequence[NDArray] | None = None,
            name: str | None = None) -> NDArray | Any:
        """SGD on float32 master copies, many tensors at once, with rates that are arrays: `multi_mp_sgd_update`."""

    def preloaded_multi_sgd_mom_update(
            self, *data: NDArray | Sequence[NDArray], momentum: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            num_weights: int | None = None, rate_in_momentum: bool = True,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """Step along the momentum, many tensors at once, with rates that are arrays: `sgd_mom_update` of each."""

    def preloaded_multi_sgd_update(
            self, *data: NDArray | Sequence[NDArray], rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, num_weights: int | None = None, out: NDArray | Sequence[NDArray] | None = None,
            name: str | None = None) -> NDArray | Any:
        """Step against the gradient, many tensors at once, with rates that are arrays: `multi_sgd_update`."""

    def prod(
            self, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Product over some axes."""

    def radam_update(
            self, grad: NDArray, mean: NDArray, var: NDArray, *, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 1e-08, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, decoupled_weight_decay: bool = False, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step by Adam's mean, over the root of squares once enough of them have been seen (RAdam)."""

    def radians(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Degrees as radians."""

    def ravel_multi_index(self, shape: ShapeLike, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The number of each place, counted along the last axis first."""

    def rcbrt(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 divided by the cube root."""

    def reciprocal(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 divided by the element."""

    def relu(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The element where it is above zero, else 0."""

    def repeat(
            self, repeats: int, axis: int | None = None, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Each element repeated."""

    def reset_arrays(
            self, *data: NDArray | Sequence[NDArray], num_arrays: int | None = None,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """Set arrays to zero, in place."""

    def reshape_like(
            self, rhs: NDArray, lhs_begin: int | None = None, lhs_end: int | None = None, rhs_begin: int | None = None,
            rhs_end: int | None = None, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The elements of one array under the shape of another, or with some axes of that in place of some of its
        own."""

    def reverse(self, axis: ShapeLike, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The elements in reverse order along axes."""

    def rint(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The nearest integer, halves to the even one."""

    def rmsprop_centered_update(
            self, grad: NDArray, n: NDArray, g: NDArray, lr: Number | NDArray | np.ndarray,
            gamma1: Number | NDArray | np.ndarray = 0.99, epsilon: Number | NDArray | np.ndarray = 1e-08,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by the gradient over its running deviation (centred RMSProp)."""

    def rmsprop_mom_update(
            self, grad: NDArray, n: NDArray, mom: NDArray, lr: Number | NDArray | np.ndarray,
            gamma1: Number | NDArray | np.ndarray = 0.99, momentum: Number | NDArray | np.ndarray = 0.0,
            epsilon: Number | NDArray | np.ndarray = 1e-08, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step along a momentum of gradients over their running root mean square (RMSProp as torch has it)."""

    def rmsprop_update(
            self, grad: NDArray, n: NDArray, lr: Number | NDArray | np.ndarray,
            gamma1: Number | NDArray | np.ndarray = 0.95, epsilon: Number | NDArray | np.ndarray = 1e-08,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, clip_weights: float = -1.0, epsilon_in_root: bool = True,
            rounded_once: bool = False, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by the gradient over its running root mean square (RMSProp)."""

    def rmspropalex_update(
            self, grad: NDArray, n: NDArray, g: NDArray, delta: NDArray, lr: Number | NDArray | np.ndarray,
            gamma1: Number | NDArray | np.ndarray = 0.95, gamma2: Number | NDArray | np.ndarray = 0.9,
            epsilon: Number | NDArray | np.ndarray = 1e-08, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0, clip_weights: float = -1.0,
            epsilon_in_root: bool = True, rate_in_momentum: bool = True, rounded_once: bool = False, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by the gradient over its running deviation, with momentum (Graves' RMSProp)."""

    def round(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The nearest integer, halves away from zero."""

    def rprop_update(
            self, grad: NDArray, prev: NDArray, step_size: NDArray, *, lr: Number | NDArray | np.ndarray,
            eta_minus: Number | NDArray | np.ndarray = 0.5, eta_plus: Number | NDArray | np.ndarray = 1.2,
            min_step: Number | NDArray | np.ndarray = 1e-06, max_step: Number | NDArray | np.ndarray = 50.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by the gradient's sign, with a size for each element that grows while the sign stays (Rprop)."""

    def rsqrt(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 divided by the square root."""

    def sample_exponential(
            self, shape: ShapeLike = (), dtype: DTypeLike | None = None, key: int | NDArray | np.ndarray | None = None,
            *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Random numbers of an exponential distribution."""

    def sample_gamma(
            self, beta: NDArray, shape: ShapeLike = (), dtype: DTypeLike | None = None,
            key: int | NDArray | np.ndarray | None = None, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Random numbers of a gamma distribution."""

    def sample_generalized_negative_binomial(
            self, alpha: NDArray, shape: ShapeLike = (), dtype: DTypeLike | None = None,
            key: int | NDArray | np.ndarray | None = None, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Random numbers of a negative binomial distribution by mean and dispersion."""

    def sample_multinomial(
            self, shape: ShapeLike = (), get_prob: bool = False, dtype: DTypeLike = 'int32',
            key: int | NDArray | np.ndarray | None = None, *, out: NDArray | Sequence[NDArray] | None = None,
            name: str | None = None) -> NDArray | Any:
        """Classes drawn with given probabilities."""

    def sample_negative_binomial(
            self, p: NDArray, shape: ShapeLike = (), dtype: DTypeLike | None = None,
            key: int | NDArray | np.ndarray | None = None, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Random numbers of a negative binomial distribution: successes before `k` failures."""

    def sample_normal(
            self, sigma: NDArray, shape: ShapeLike = (), dtype: DTypeLike | None = None,
            key: int | NDArray | np.ndarray | None = None, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Random numbers of a normal distribution."""

    def sample_poisson(
            self, shape: ShapeLike = (), dtype: DTypeLike | None = None, key: int | NDArray | np.ndarray | None = None,
            *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Random numbers of a Poisson distribution."""

    def sample_uniform(
            self, high: NDArray, shape: ShapeLike = (), dtype: DTypeLike | None = None,
            key: int | NDArray | np.ndarray | None = None, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Random numbers evenly distributed over [low, high)."""

    def scatter_nd(
            self, indices: NDArray, shape: ShapeLike, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Zeros with elements or slices added at places of several axes; the reverse of `gather_nd`."""

    def schedule_free_adamw_update(
            self, grad: NDArray, z: NDArray, var: NDArray, lr_max: NDArray, sum_weights: NDArray, *,
            lr: Number | NDArray | np.ndarray, beta1: Number | NDArray | np.ndarray = 0.9,
            beta2: Number | NDArray | np.ndarray = 0.999, epsilon: Number | NDArray | np.ndarray = 1e-08,
            warmup_steps: Number | NDArray | np.ndarray = 0.0, r: Number | NDArray | np.ndarray = 0.0,
            weight_lr_power: Number | NDArray | np.ndarray = 2.0, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by the gradient over the root of squares without a schedule (schedule-free AdamW)."""

    def schedule_free_average(
            self, z: NDArray, momentum: Number | NDArray | np.ndarray = 0.9, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Average of the weights of a schedule-free rule, which is to be evaluated."""

    def schedule_free_radam_update(
            self, grad: NDArray, z: NDArray, var: NDArray, lr_max: NDArray, sum_weights: NDArray, *,
            lr: Number | NDArray | np.ndarray, beta1: Number | NDArray | np.ndarray = 0.9,
            beta2: Number | NDArray | np.ndarray = 0.999, epsilon: Number | NDArray | np.ndarray = 1e-08,
            r: Number | NDArray | np.ndarray = 0.0, weight_lr_power: Number | NDArray | np.ndarray = 2.0,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, t: Number | NDArray | np.ndarray, silent_sgd_phase: bool = True,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step as schedule-free AdamW does, at a rate that is rectified (schedule-free RAdam)."""

    def schedule_free_sgd_update(
            self, grad: NDArray, z: NDArray, lr_max: NDArray, sum_weights: NDArray, *,
            lr: Number | NDArray | np.ndarray, momentum: Number | NDArray | np.ndarray = 0.9,
            warmup_steps: Number | NDArray | np.ndarray = 0.0, r: Number | NDArray | np.ndarray = 0.0,
            weight_lr_power: Number | NDArray | np.ndarray = 2.0, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step against the gradient without a schedule, towards an average (schedule-free SGD)."""

    def sgd_dampened_update(
            self, grad: NDArray, mom: NDArray, *, lr: Number | NDArray | np.ndarray,
            momentum: Number | NDArray | np.ndarray = 0.0, dampening: Number | NDArray | np.ndarray = 0.0,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, t: Number | NDArray | np.ndarray, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step along a momentum that takes up a part of each gradient but the first (SGD with dampening)."""

    def sgd_mom_update(
            self, grad: NDArray | RowSparseNDArray, mom: NDArray | RowSparseNDArray, lr: Number | NDArray | np.ndarray,
            momentum: Number | NDArray | np.ndarray = 0.0, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0, lazy_update: bool = True,
            rate_in_momentum: bool = True, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step along the momentum (heavy-ball SGD)."""

    def sgd_update(
            self, grad: NDArray | RowSparseNDArray, lr: Number | NDArray | np.ndarray,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, lazy_update: bool = True, decay_in_gradient: bool = False, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step against the gradient (SGD)."""

    def sgld_update(
            self, grad: NDArray, key: NDArray, lr: Number | NDArray | np.ndarray,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step against the gradient, with normal noise (stochastic gradient Langevin dynamics)."""

    def shampoo_update(
            self, grad: NDArray, factors: NDArray, lr: Number | NDArray | np.ndarray,
            epsilon: Number | NDArray | np.ndarray = 1e-06, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0, max_precond_dim: int = 1200,
            *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by the gradient over roots of the sums of its products along each axis (Shampoo)."""

    def shape_array(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The shape, as an array."""

    def shuffle(
            self, key: int | NDArray | np.ndarray | None = None, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """The rows of an array in random order."""

    def sigmoid(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1 / (1 + exp(-x))."""

    def sign(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """1, -1 or 0 as the element is above, below or at zero; 0 for NaN."""

    def signsgd_update(
            self, grad: NDArray, lr: Number | NDArray | np.ndarray, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step against the sign of the gradient (signSGD)."""

    def signum_update(
            self, grad: NDArray, mom: NDArray, lr: Number | NDArray | np.ndarray,
            momentum: Number | NDArray | np.ndarray = 0.0, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            wd_lh: Number | NDArray | np.ndarray = 0.0, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step by the sign of the momentum (Signum)."""

    def sin(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Sine."""

    def sinh(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Hyperbolic sine."""

    def size_array(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The number of elements, as an array."""

    def slice(
            self, begin: int | Sequence[int | None], end: int | Sequence[int | None],
            step: int | Sequence[int | None] = (), *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """A region: from `begin` to before `end` along the first axes."""

    def slice_axis(
            self, axis: int, begin: int, end: int | None, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """A region along one axis."""

    def slice_like(
            self, shape_like: NDArray, axes: ShapeLike = (), *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """The first elements along axes, as many as another array has."""

    def sm3_update(
            self, grad: NDArray, mean: NDArray, largest: NDArray, lr: Number | NDArray | np.ndarray,
            momentum: Number | NDArray | np.ndarray = 0.9, epsilon: Number | NDArray | np.ndarray = 1e-08,
            wd: Number | NDArray | np.ndarray = 0.0, rescale_grad: Number | NDArray | np.ndarray = 1.0,
            clip_gradient: float = -1.0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by the mean of gradients over roots of the least sums of squares of their slices (SM3-II)."""

    def smooth_l1(
            self, scalar: Number | NDArray | np.ndarray = 1.0, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Huber's loss of each element: quadratic near zero, linear beyond."""

    def soap_update(
            self, grad: NDArray, mean: NDArray, var: NDArray, factors: NDArray, basis: NDArray, *,
            lr: Number | NDArray | np.ndarray, beta1: Number | NDArray | np.ndarray = 0.95,
            beta2: Number | NDArray | np.ndarray = 0.95, shampoo_beta: float = -1.0,
            epsilon: Number | NDArray | np.ndarray = 1e-08, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, precondition_frequency: int = 10, max_precond_dim: int = 10000,
            precondition_1d: bool = False, correct_bias: bool = True, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Step by Adam's ratio in the eigenbases of the products of gradients along each axis (SOAP)."""

    def softmax(
            self, length: NDArray | None = None, axis: int = -1, temperature: float | None = None,
            dtype: DTypeLike | None = None, use_length: bool = False, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """Exponentials along an axis, scaled to sum to 1."""

    def softmax_cross_entropy(self, label: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Sum over the batch of the cross-entropy of a softmax."""

    def softmin(
            self, axis: int = -1, temperature: float | None = None, dtype: DTypeLike | None = None,
            use_length: bool = False, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The softmax of the negated elements."""

    def softsign(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The element divided by 1 and its absolute value."""

    def sophia_update(
            self, grad: NDArray, curvature: NDArray, mean: NDArray, hess: NDArray, *, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.96, beta2: Number | NDArray | np.ndarray = 0.99,
            rho: Number | NDArray | np.ndarray = 0.04, epsilon: Number | NDArray | np.ndarray = 1e-12,
            period: Number | NDArray | np.ndarray = 10.0, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by the mean of gradients over the mean of curvatures, at most the rate (Sophia)."""

    def sort(
            self, axis: int | None = -1, is_ascend: bool = True, *, out: NDArray | None = None,
            name: str | None = None) -> NDArray:
        """The elements in order along an axis."""

    def space_to_depth(self, block_size: int, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Blocks of pixels laid out as channels; the reverse of `depth_to_space`."""

    def split(
            self, num_outputs: int, axis: int = 1, squeeze_axis: bool = False, *,
            out: NDArray | Sequence[NDArray] | None = None, name: str | None = None) -> NDArray | Any:
        """Equal parts along an axis."""

    def sqrt(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Square root."""

    def square(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The element times itself."""

    def stack(
            self, *data: NDArray | Sequence[NDArray], axis: int = 0, num_args: int | None = None,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Arrays of one shape joined along a new axis."""

    def stop_gradient(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The element itself; no gradient passes."""

    def sum(
            self, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Sum over some axes."""

    def sum_axis(
            self, axis: ShapeLike | None = None, keepdims: bool = False, exclude: bool = False, *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Sum over some axes."""

    def swapaxes(self, dim1: int = 0, dim2: int = 0, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Two axes in each other's place."""

    def take(
            self, indices: NDArray, axis: int = 0, mode: Literal['clip', 'raise', 'wrap'] = 'clip', *,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Slices of an array at indices along an axis."""

    def tan(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Tangent."""

    def tanh(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Hyperbolic tangent."""

    def tile(self, reps: ShapeLike, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The array repeated as a whole along each axis."""

    def topk(
            self, axis: int | None = -1, k: int = 1, ret_typ: Literal['both', 'indices', 'mask', 'value'] = 'indices',
            is_ascend: bool = False, dtype: DTypeLike = 'float32', *, out: NDArray | Sequence[NDArray] | None = None,
            name: str | None = None) -> NDArray | Any:
        """The k largest elements along an axis, or where they are."""

    def transpose(self, axes: ShapeLike = (), *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The axes in another order."""

    def trunc(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The integer towards zero."""

    def unravel_index(self, shape: ShapeLike, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """The place along each axis of the elements with these numbers, counted along the last axis first."""

    def where(self, x: NDArray, y: NDArray, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Elements of one array where a condition is not 0, of another elsewhere."""

    def yogi_update(
            self, grad: NDArray, mean: NDArray, var: NDArray, *, lr: Number | NDArray | np.ndarray,
            beta1: Number | NDArray | np.ndarray = 0.9, beta2: Number | NDArray | np.ndarray = 0.999,
            epsilon: Number | NDArray | np.ndarray = 0.001, wd: Number | NDArray | np.ndarray = 0.0,
            rescale_grad: Number | NDArray | np.ndarray = 1.0, clip_gradient: float = -1.0,
            t: Number | NDArray | np.ndarray, initial_accumulator: Number | NDArray | np.ndarray = 1e-06,
            out: NDArray | None = None, name: str | None = None) -> NDArray:
        """Step by Adam's mean over a root of squares that grows and shrinks alike (Yogi)."""

    def zeros_like(self, *, out: NDArray | None = None, name: str | None = None) -> NDArray:
        """0 for every element."""
