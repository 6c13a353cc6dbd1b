"""Whole training steps as one Symbol: forward pass, gradients, norms and updates, whose states are auxiliary states.

>>> import symbolic as sym
>>> loss = sym.SoftmaxOutput(sym.FullyConnected(sym.var("image"), num_hidden=10, name="fc"), name="softmax")
>>> step = sym.optimizers.step(loss, "sgd", momentum=0.9, wd=1e-4)
>>> step.list_outputs()
['softmax_output', 'fc_weight_step_output', 'fc_bias_step_output']
>>> step.list_auxiliary_states()
['fc_weight_mom', 'fc_bias_mom']
"""

from symbolic.optimizers import contrib
from symbolic.optimizers.bind import bind_in_place, updates
from symbolic.optimizers.classes import (DCASGD, FTML, LAMB, LARS, LBSGD, NAG, SGD, SGLD, AdaDelta, AdaGrad, Adam,
                                         Adamax, Ftrl, GroupAdaGrad, Nadam, RMSProp, Signum, ccSGD)
from symbolic.optimizers.combinators import agc, bounded, cautious, centralized, ema, grams, lookahead
from symbolic.optimizers.history import History, Record
from symbolic.optimizers.layerwise import LayerwiseRule, rule
from symbolic.optimizers.optimizer import Optimizer, create, get_updater, register
from symbolic.optimizers.routed import Routed
from symbolic.optimizers.rules import Rule
from symbolic.optimizers.schedules import (CosineScheduler, FactorScheduler, MultiFactorScheduler, PolyScheduler,
                                           Scheduler)
from symbolic.optimizers.statistics import Move, Moves
from symbolic.optimizers.step import BIASES_AND_NORMS, PARAMETERS, step, table
from symbolic.optimizers.trainer import Trainer
from symbolic.optimizers.update import update
from symbolic.optimizers.updater import Updater
from symbolic.optimizers.vote import majority_vote
