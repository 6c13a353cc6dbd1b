"""Train a small convolutional network on real handwritten digits, each step one graph run in place.

Two convolutions with batch normalisation, dropout before the last layer: operators that behave differently while
training; the step writes the statistics of the normalisation along with Adam's states.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import ndarray as nd
import symbolic as sym
from symbolic import optimizers

BATCH, EPOCHS = 64, 12


def network():
    """Return the scores of the ten classes."""
    x = sym.var("image")
    for name, filters in (("conv1", 32), ("conv2", 64)):
        x = sym.Convolution(x, kernel=(3, 3), pad=(1, 1), num_filter=filters, no_bias=True, name=name)
        x = sym.Activation(sym.BatchNorm(x, fix_gamma=False, name=f"{name}_norm"), act_type="relu")
        x = sym.Pooling(x, kernel=(2, 2), stride=(2, 2), pool_type="max", name=f"{name}_pool")
    return sym.FullyConnected(sym.Dropout(x, p=0.5, name="drop"), num_hidden=10, name="scores")


def initial(symbol, random, **shapes):
    """Return arrays for parameters and states: scaled normal weights, unit gammas and variances, zeros otherwise."""
    arguments, _, states = symbol.infer_shape(**shapes)
    found = {}
    for name, shape in zip(symbol.list_arguments() + symbol.list_auxiliary_states(), arguments + states):
        if name.endswith("_weight"):
            found[name] = nd.array(random.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape))
        elif name.endswith(("_gamma", "_var")):
            found[name] = nd.ones(shape)
        elif name not in shapes:
            found[name] = nd.zeros(shape)
    return found


def main():
    """Train, and print the accuracy on digits that were not trained on."""
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype("float32").reshape(-1, 1, 8, 8)
    images, test_images, labels, test_labels = train_test_split(images, labels, test_size=360, random_state=0,
                                                                stratify=labels)
    nd.random.seed(1)  # what is dropped
    scores, random = network(), np.random.default_rng(seed=0)
    loss = sym.softmax_cross_entropy(scores, sym.var("label"), name="loss") / BATCH
    arrays = initial(scores, random, image=(BATCH, 1, 8, 8))
    schedule = optimizers.CosineScheduler(base_lr=0.01, max_update=EPOCHS * (len(images) // BATCH), warmup_steps=20)
    trainer = optimizers.Trainer(optimizers.step(loss, "adam"), arrays, lr=schedule, image=(BATCH, 1, 8, 8))
    for epoch in range(EPOCHS):
        costs = []
        for chosen in np.split(random.permutation(len(images)), range(BATCH, len(images), BATCH))[:-1]:
            costs.append(trainer.step(image=images[chosen], label=labels[chosen])[0].asscalar())
        found = scores.eval(image=test_images, **arrays)[0].asnumpy().argmax(axis=1)
        accuracy = np.mean(found == test_labels)
        print(f"epoch {epoch + 1:2}   loss {np.mean(costs):.4f}   test accuracy {accuracy:.4f}")
    return accuracy


if __name__ == "__main__":
    main()
