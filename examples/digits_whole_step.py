"""Train a network on real handwritten digits, each step one graph made from the loss: `train_digits.py` in short.

`optimizers.step` composes forward pass, gradients, norms of LARS and every update into one Symbol; leaves its picture.
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import ndarray as nd
import symbolic as sym
from symbolic import optimizers

BATCH, EPOCHS = 128, 25


def main(folder="."):
    """Train with LARS and with signSGD; save the picture of the LARS step."""
    images, labels = load_digits(return_X_y=True)
    images, test_images, labels, test_labels = train_test_split(
        (images / 16).astype("float32"), labels, test_size=360, random_state=0, stratify=labels)
    hidden = sym.tanh(sym.FullyConnected(sym.var("image"), num_hidden=64, name="hidden"))
    scores = sym.FullyConnected(hidden, num_hidden=10, name="scores")
    loss = sym.softmax_cross_entropy(scores, sym.var("label"), name="loss") / BATCH
    for name, base_lr, params in (("lars", 1.0, {"momentum": 0.9, "wd": 1e-4, "eta": 0.01}), ("signsgd", 0.005, {})):
        step, random = optimizers.step(loss, name, **params), np.random.default_rng(seed=0)
        shapes = dict(zip(scores.list_arguments(), scores.infer_shape(image=(BATCH, 64))[0]))
        arrays = {k: nd.array(random.normal(0, 1 / 8, s) * (len(s) == 2)) for k, s in shapes.items() if k != "image"}
        schedule = optimizers.CosineScheduler(base_lr=base_lr, max_update=EPOCHS * (len(images) // BATCH))
        trainer = optimizers.Trainer(step, arrays, lr=schedule, image=(BATCH, 64))
        orders = [random.permutation(len(images))[:len(images) // BATCH * BATCH] for _ in range(EPOCHS)]
        batches = [{"image": images[i], "label": labels[i]} for order in orders for i in order.reshape(-1, BATCH)]
        history = trainer.fit(batches)
        found = scores.eval(image=test_images, **arrays)[0].asnumpy().argmax(axis=1)
        print(f"{name:8} last loss {history[-1].loss:.4f}   test accuracy {np.mean(found == test_labels):.4f}")
        if name == "lars":
            sym.plot_network(step, shape={"image": (BATCH, 64)}).save(Path(folder) / "whole_step.svg")


if __name__ == "__main__":
    main(*sys.argv[1:])
