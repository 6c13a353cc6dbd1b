"""Train a small network on handwritten digits in JAX, and carry its optimizer over to the fused engine.

The network is plain JAX, the optimizer a chain of Optax around our LARS.  Then Optax's own AdamW becomes a graph: the
same steps on the same gradients run on the fused engine, and as a picture in ``adamw_step.svg`` in the folder given, by
default the current one.
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import symbolic as sym
import symbolic.jax as sj

BATCH, HIDDEN, CLASSES, EPOCHS = 128, 64, 10, 25


def scores(params, images):
    """Return the network's scores of the classes."""
    hidden = jnp.tanh(images @ params["hidden"]["kernel"] + params["hidden"]["bias"])
    return hidden @ params["out"]["kernel"] + params["out"]["bias"]


def loss(params, images, labels):
    """Return the mean cross entropy."""
    return optax.softmax_cross_entropy_with_integer_labels(scores(params, images), labels).mean()


def first_params():
    """Return the parameters before the first step."""
    rng = np.random.default_rng(0)
    layers = {"hidden": (64, HIDDEN), "out": (HIDDEN, CLASSES)}
    return {name: {"kernel": rng.normal(0, 1 / 8, shape).astype("float32"), "bias": np.zeros(shape[1], "float32")}
            for name, shape in layers.items()}


def batches(images, labels):
    """Yield batches in random order, for all epochs."""
    rng = np.random.default_rng(1)
    for _ in range(EPOCHS):
        order = rng.permutation(len(images))
        for at in range(0, len(images) - BATCH + 1, BATCH):
            chosen = order[at:at + BATCH]
            yield images[chosen], labels[chosen]


def accuracy(params, images, labels):
    """Return the part of the images that is told right."""
    return float((scores(params, images).argmax(axis=1) == labels).mean())


def train_in_jax(tx, data):
    """Train with an Optax transformation."""
    images, test_images, labels, test_labels = data
    params = jax.tree.map(jnp.asarray, first_params())
    state = tx.init(params)

    @jax.jit
    def step(params, state, images, labels):
        updates, state = tx.update(jax.grad(loss)(params, images, labels), state, params)
        return optax.apply_updates(params, updates), state

    for batch in batches(images, labels):
        params, state = step(params, state, *batch)
    return accuracy(params, test_images, test_labels)


def train_on_the_fused_engine(tx, data, folder):
    """Train with the graph of an Optax transformation, on gradients from JAX."""
    images, test_images, labels, test_labels = data
    params = first_params()
    symbol, arrays = sj.trace(tx, params)
    sym.plot_network(symbol).save(folder / "adamw_step.svg")
    # The same memory twice: a tree for JAX, and arrays by name for the graph.
    arrays |= {f"{layer}.{name}": array for layer, own in params.items() for name, array in own.items()}
    run = sym.optimizers.bind_in_place(symbol, arrays, engine="fused")
    gradient = jax.jit(jax.grad(loss))
    for batch in batches(images, labels):
        grads = gradient(jax.tree.map(np.copy, params), *batch)
        run.forward(**{f"{layer}.{name}_grad": g for layer, own in grads.items() for name, g in own.items()})
    return accuracy(params, test_images, test_labels)


def main(folder="."):
    """Train both ways."""
    images, labels = load_digits(return_X_y=True)
    data = train_test_split((images / 16).astype("float32"), labels.astype("int32"), test_size=0.2, random_state=0)
    rate = optax.cosine_decay_schedule(3.0, EPOCHS * (len(data[0]) // BATCH))
    lars = optax.chain(optax.clip_by_global_norm(10.0),
                       sj.gradient_transformation("lars", rate, momentum=0.9, eta=0.01, wd=1e-4,
                                                  no_decay=["*.bias"]))
    print(f"LARS in a chain of Optax, test accuracy {train_in_jax(lars, data):.3f}")
    adamw = optax.adamw(3e-3)
    print(f"AdamW of Optax in JAX, test accuracy {train_in_jax(adamw, data):.3f}")
    print(f"the same as a graph on the fused engine, test accuracy "
          f"{train_on_the_fused_engine(adamw, data, Path(folder)):.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
