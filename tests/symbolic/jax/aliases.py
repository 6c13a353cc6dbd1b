"""Optax's aliases made of our rules, with Optax's own arguments and defaults."""

import symbolic.jax as sj


def sgd(learning_rate, momentum=None, nesterov=False):
    if momentum is None:
        return sj.gradient_transformation("sgd", learning_rate)
    return sj.gradient_transformation("nag" if nesterov else "sgd", learning_rate, momentum=momentum,
                                      rate_in_momentum=False)


def adam(learning_rate, b1=0.9, b2=0.999, eps=1e-8):
    return sj.gradient_transformation("adam", learning_rate, beta1=b1, beta2=b2, epsilon=eps, epsilon_place="paper")


def adamw(learning_rate, b1=0.9, b2=0.999, eps=1e-8, weight_decay=1e-4):
    return sj.gradient_transformation("adamw", learning_rate, beta1=b1, beta2=b2, epsilon=eps, wd=weight_decay,
                                      epsilon_place="paper")


def adabelief(learning_rate, b1=0.9, b2=0.999, eps=1e-16):
    return sj.gradient_transformation("adabelief", learning_rate, beta1=b1, beta2=b2, epsilon=eps)


def adamax(learning_rate, b1=0.9, b2=0.999):
    return sj.gradient_transformation("adamax", learning_rate, beta1=b1, beta2=b2)


def lion(learning_rate, b1=0.9, b2=0.99, weight_decay=1e-3):
    return sj.gradient_transformation("lion", learning_rate, beta1=b1, beta2=b2, wd=weight_decay)


def lamb(learning_rate, b1=0.9, b2=0.999, eps=1e-6, weight_decay=0.0):
    return sj.gradient_transformation("lamb", learning_rate, beta1=b1, beta2=b2, epsilon=eps, wd=weight_decay)


def lars(learning_rate, trust_coefficient=0.001, eps=0.0, momentum=0.9):
    return sj.gradient_transformation("lars", learning_rate, eta=trust_coefficient, eps=eps, momentum=momentum)


def sign_sgd(learning_rate):
    return sj.gradient_transformation("signsgd", learning_rate)


def signum(learning_rate, beta=0.9):
    return sj.gradient_transformation("signum", learning_rate, momentum=beta)


def rmsprop(learning_rate, decay=0.9, eps=1e-8, centered=False):
    if centered:
        return sj.gradient_transformation("rmspropalex", learning_rate, gamma1=decay, gamma2=0.0, epsilon=eps)
    return sj.gradient_transformation("rmsprop", learning_rate, gamma1=decay, epsilon=eps)


def adagrad(learning_rate, initial_accumulator_value=0.1, eps=1e-7):
    return sj.gradient_transformation("adagrad", learning_rate, initial_accumulator=initial_accumulator_value,
                                      epsilon=eps)


def adadelta(learning_rate, rho=0.9, eps=1e-6):
    return sj.gradient_transformation("adadelta", learning_rate, rho=rho, epsilon=eps)


ALIASES = {f.__name__: f for f in (sgd, adam, adamw, adabelief, adamax, lion, lamb, lars, sign_sgd, signum, rmsprop,
                                   adagrad, adadelta)}
