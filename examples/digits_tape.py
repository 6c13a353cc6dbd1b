"""Train a small network on real handwritten digits in a loop of eager calls, as with MXNet's ``autograd``.

The tape records the forward pass and goes back through it; the update is signSGD, and each layer's rate follows from
the norm of its weights (multi_lars).
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import ndarray as nd
from ndarray import autograd

BATCH, EPOCHS = 128, 15
SHAPES = ((32, 64), (32,), (10, 32), (10,))


def scores(x, w1, b1, w2, b2):
    """Return the scores of the ten classes."""
    hidden = nd.tanh(nd.FullyConnected(x, w1, b1, num_hidden=32))
    return nd.FullyConnected(hidden, w2, b2, num_hidden=10)


def step(parameters, lrs, wds):
    """Move every parameter against the sign of its gradient, at its layer's rate."""
    signs = [nd.sign(p.grad) for p in parameters]
    n = len(parameters)
    rates = nd.multi_lars(lrs, nd.multi_sum_sq(*parameters, num_arrays=n), nd.multi_sum_sq(*signs, num_arrays=n), wds,
                          eta=0.1, eps=1e-8)
    for p, rate in zip(parameters, rates):
        nd.signsgd_update(p, p.grad, lr=rate, out=p)


def main():
    """Train, and print the loss and the accuracy on the test set."""
    images, labels = load_digits(return_X_y=True)
    images, test_images, labels, test_labels = train_test_split(
        (images / 16).astype("float32"), labels, test_size=360, random_state=0, stratify=labels)
    rng = np.random.default_rng(0)
    parameters = [nd.array(rng.normal(0, 0.2, shape)) for shape in SHAPES]
    for p in parameters:
        p.attach_grad()
    wds = nd.full((len(SHAPES),), 1e-4)
    for epoch in range(EPOCHS):
        lrs, total = nd.full((len(SHAPES),), 0.3 * (1 - epoch / EPOCHS)), 0.0
        order = rng.permutation(len(images))
        for at in range(0, len(images), BATCH):
            batch = order[at:at + BATCH]
            x, y = nd.array(images[batch]), nd.array(labels[batch])
            with autograd.record():
                loss = nd.softmax_cross_entropy(scores(x, *parameters), y) / len(batch)
            loss.backward()
            step(parameters, lrs, wds)
            total += loss.asscalar() * len(batch)
        print(f"epoch {epoch + 1:2}  loss {total / len(images):.3f}")
    found = scores(nd.array(test_images), *parameters).asnumpy().argmax(axis=1)
    print(f"test accuracy {(found == test_labels).mean():.3f}")


if __name__ == "__main__":
    main()
