"""Train a network on handwritten digits with several processes, which vote on the sign of each step.

Start it with ``python -m symbolic.jax.launch -n 2 examples/mesh_digits.py run``.  Eight workers see different digits,
and each sends the signs of its gradients, a byte a weight; every weight moves the way that most of them say.  Each
process has some of the workers, its own rows of every batch, and the folder ``run`` the checkpoints: started again,
with any number of processes, a training that was killed goes on, to the bit.
"""

import argparse
import os
import signal

import jax
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import ndarray as nd
import symbolic as sym
import symbolic.jax as sj
from symbolic import optimizers

WORKERS, BATCH, HIDDEN, CLASSES, EPOCHS = 8, 128, 64, 10, 25
SHAPES = {"hidden_weight": (HIDDEN, 64), "hidden_bias": (HIDDEN,),
          "out_weight": (CLASSES, HIDDEN), "out_bias": (CLASSES,)}


def voting_step():
    """Return a step as a Symbol: each worker's loss and gradients, the vote, the updates."""
    weights = {name: sym.var(name, shape=shape) for name, shape in SHAPES.items()}
    # Each worker has its own copy, so that its gradient is its own as well.
    own = {name: sym.broadcast_axis(sym.expand_dims(w, axis=0), axis=0, size=WORKERS, name=f"own_{name}")
           for name, w in weights.items()}

    def layer(x, name):
        product = sym.batch_dot(x, own[f"{name}_weight"], transpose_b=True)
        return sym.broadcast_add(product, sym.expand_dims(own[f"{name}_bias"], axis=1), name=name)

    scores = layer(sym.tanh(layer(sym.var("images"), "hidden")), "out")
    loss = sym.negative(sym.mean(sym.pick(sym.log_softmax(scores), sym.var("labels"))), name="loss")
    gradients = sym.gradient(loss, list(own.values()))
    votes = {f"{name}_grad": optimizers.majority_vote(g, name=f"{name}_vote") for name, g in zip(SHAPES, gradients)}
    return sym.Group([sym.make_loss(loss, name="cost"), optimizers.update(list(SHAPES), "signsgd")(**weights, **votes)])


def first_weights():
    """Return the weights before the first step, the same in every process."""
    rng = np.random.default_rng(0)
    return {name: nd.array(rng.normal(0, 1 / 8, shape) * (len(shape) == 2)) for name, shape in SHAPES.items()}


def batches(images, labels, first, last):
    """Yield the rows of this process, of the workers that it has, for updates from `first` to below `last`."""
    each = WORKERS // jax.process_count()
    mine, per_epoch = slice(jax.process_index() * each, (jax.process_index() + 1) * each), len(images) // BATCH
    for number in range(first, last):
        order = np.random.default_rng(number // per_epoch).permutation(len(images))
        chosen = order[number % per_epoch * BATCH:][:BATCH].reshape(WORKERS, -1)[mine]
        yield {"images": images[chosen], "labels": labels[chosen]}


def accuracy(trainer, images, labels):
    """Return the part of the images that is told right."""
    w = {name: trainer.executor.arg_dict[name].asnumpy() for name in SHAPES}
    hidden = np.tanh(images @ w["hidden_weight"].T + w["hidden_bias"])
    return np.mean((hidden @ w["out_weight"].T + w["out_bias"]).argmax(axis=1) == labels)


def main():
    """Train, or go on with a training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="of the checkpoints")
    parser.add_argument("--kill", type=int, metavar="UPDATE", help="let the last process kill itself after this update")
    options = parser.parse_args()

    sj.initialize()
    images, labels = load_digits(return_X_y=True)
    images, test_images, labels, test_labels = train_test_split(
        (images / 16).astype("float32"), labels.astype("float32"), test_size=360, random_state=0, stratify=labels)
    per_epoch = len(images) // BATCH
    inputs = {"images": (WORKERS, BATCH // WORKERS, 64), "labels": (WORKERS, BATCH // WORKERS)}
    where = {"engine": "xla", "mesh": sj.make_mesh(data=-1), "sharding": {"images": "data", "labels": "data"}}
    if os.path.exists(os.path.join(options.folder, "latest")):
        trainer = optimizers.Trainer.load(options.folder, **where)
    else:
        rate = optimizers.CosineScheduler(base_lr=0.01, max_update=EPOCHS * per_epoch)
        trainer = optimizers.Trainer(voting_step(), first_weights(), lr=rate, **where, **inputs)
    started = trainer.num_update

    for batch in batches(images, labels, started, EPOCHS * per_epoch):
        cost = trainer.step(**batch)[0]
        if trainer.num_update % per_epoch == 0:
            trainer.save(options.folder)
        if trainer.num_update == options.kill and jax.process_index() == jax.process_count() - 1:
            os.kill(os.getpid(), signal.SIGKILL)

    found = accuracy(trainer, test_images, test_labels)  # every process can tell, one does
    if jax.process_index() == 0:
        last = f", last loss {cost.asscalar():.4f}" if started < trainer.num_update else ""
        print(f"{jax.process_count()} processes, {jax.device_count()} devices, from update {started}{last}")
        print(f"majority vote, test accuracy {found:.3f}")


if __name__ == "__main__":
    main()
