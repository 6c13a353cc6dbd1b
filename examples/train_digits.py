"""Train a small network on real handwritten digits, each optimizer step one graph.

The 1,797 digits of scikit-learn, 8 by 8 pixels, one hidden layer, a softmax.  The graph of a step holds all of it: the
forward pass, the gradients (written out by hand), the layer-wise rates of LARS and the update, or signSGD instead.  An
executor runs the graph in place; only the batch and the learning rate are fed.  Leaves ``lars_step.svg``, the picture
of the first graph, and ``loss_curve.svg`` in the folder given, by default the current one.
"""

import math
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import ndarray as nd
import symbolic as sym

BATCH, HIDDEN, CLASSES, EPOCHS = 128, 64, 10, 25
SHAPES = {"hidden_weight": (64, HIDDEN), "hidden_bias": (HIDDEN,),
          "out_weight": (HIDDEN, CLASSES), "out_bias": (CLASSES,)}


# The graph: scores, loss and gradients

def declare_network():
    """Return the scores of the classes, the loss, the parameters and the gradient of the loss for each parameter."""
    image, label = sym.var("image"), sym.var("label", dtype="float32")
    parameters = w1, b1, w2, b2 = [sym.var(name) for name in SHAPES]
    hidden = sym.tanh(sym.broadcast_add(sym.dot(image, w1), b1), name="hidden")
    scores = sym.broadcast_add(sym.dot(hidden, w2), b2, name="scores")

    target = sym.one_hot(label, depth=CLASSES, name="target")
    loss = sym.sum(target * sym.log_softmax(scores), name="log_likelihood") * (-1 / BATCH)

    at_scores = (sym.softmax(scores, name="probabilities") - target) / BATCH
    at_hidden = sym.dot(at_scores, w2, transpose_b=True) * (1 - sym.square(hidden))
    gradients = [sym.dot(image, at_hidden, transpose_a=True, name="hidden_weight_grad"),
                 sym.sum(at_hidden, axis=0, name="hidden_bias_grad"),
                 sym.dot(hidden, at_scores, transpose_a=True, name="out_weight_grad"),
                 sym.sum(at_scores, axis=0, name="out_bias_grad")]
    return scores, loss, parameters, gradients


# Two ways to step

def lars_step(weights, gradients):
    """Return momentum SGD in which each layer's rate follows from the norms of its weights and of its gradient."""
    lrs = sym.broadcast_to(sym.var("lr"), shape=(len(weights),), name="lrs")
    wds = sym.full((len(weights),), 1e-4, name="wds")
    rates = sym.multi_lars(lrs, sym.multi_sum_sq(*weights, name="weights_sum_sq"),
                           sym.multi_sum_sq(*gradients, name="grads_sum_sq"), wds, eta=0.01, eps=1e-8, name="rates")
    tensors = [s for w, g in zip(weights, gradients) for s in (w, g, sym.var(f"{w.name}_mom"))]
    return sym.preloaded_multi_sgd_mom_update(*tensors, rates, wds, momentum=0.9, name="step")


def sign_step(weights, gradients):
    """Return signSGD: every weight moves by `lr`, against the sign of its gradient."""
    lr = sym.var("lr")
    return sym.Group([sym.signsgd_update(w, g, lr=lr, name=f"{w.name}_step") for w, g in zip(weights, gradients)])


# Training

def cosine(base, done):
    """Return the learning rate when the part `done` of the training is over."""
    return base * (1 + math.cos(math.pi * done)) / 2


def train(declare_step, base_lr, data):
    """Train with the step that `declare_step` declares; return it, the loss of each epoch and the test accuracy."""
    images, test_images, labels, test_labels = data
    scores, loss, weights, gradients = declare_network()
    step = declare_step(weights, gradients)

    random = np.random.default_rng(seed=0)
    arrays = {name: nd.array(random.normal(0, 1 / 8, shape) if len(shape) == 2 else np.zeros(shape))
              for name, shape in SHAPES.items()}
    states = {name: nd.zeros(SHAPES[name.removesuffix("_mom")]) for name in step.list_auxiliary_states()}
    batch = {"image": nd.zeros((BATCH, 64)), "label": nd.zeros(BATCH), "lr": nd.zeros(1)}
    trainer = sym.Group([step, loss]).bind(
        nd.cpu(), arrays | batch, aux_states=states, out=dict(zip(step.list_outputs(), arrays.values())))
    tester = scores.bind(nd.cpu(), arrays | {"image": nd.array(test_images)})

    losses, steps = [], len(images) // BATCH
    for epoch in range(EPOCHS):
        order, total = random.permutation(len(images)), 0.0
        for i in range(steps):
            lr = cosine(base_lr, (epoch + i / steps) / EPOCHS)
            chosen = order[i * BATCH:(i + 1) * BATCH]
            *_, batch_loss = trainer.forward(image=images[chosen], label=labels[chosen], lr=lr)
            total += batch_loss.asscalar()
        accuracy = np.mean(tester.forward()[0].asnumpy().argmax(axis=1) == test_labels)
        losses.append(total / steps)
        print(f"  epoch {epoch + 1:2}   lr {lr:.5f}   loss {losses[-1]:.4f}   test accuracy {accuracy:.4f}")
    return step, losses, accuracy


def draw_losses(curves, file):
    """Save the losses of each optimizer as a picture."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name, losses in curves.items():
        axes.semilogy(range(1, EPOCHS + 1), losses, label=name)
    axes.set(xlabel="epoch", ylabel="mean loss", title="Handwritten digits, one hidden layer")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(file)


def main(folder="."):
    """Train with both optimizers, show the LARS step, and save the pictures."""
    folder = Path(folder)
    images, labels = load_digits(return_X_y=True)
    data = train_test_split((images / 16).astype("float32"), labels, test_size=360, random_state=0, stratify=labels)

    curves, accuracies, steps = {}, {}, {}
    for name, declare_step, base_lr in (("LARS", lars_step, 1.0), ("signSGD", sign_step, 0.005)):
        print(f"{name}: {len(data[0])} digits to train, {len(data[1])} to test")
        steps[name], curves[name], accuracies[name] = train(declare_step, base_lr, data)

    shapes = {"image": (BATCH, 64), "label": (BATCH,), "lr": (1,)} | SHAPES
    print("\nThe LARS step, as one graph:")
    sym.print_summary(steps["LARS"], shape=shapes)
    sym.plot_network(steps["LARS"], shape=shapes).save(folder / "lars_step.svg")
    draw_losses(curves, folder / "loss_curve.svg")
    print(f"\nSaved {folder / 'lars_step.svg'} and {folder / 'loss_curve.svg'}")
    for name, accuracy in accuracies.items():
        print(f"{name:8} test accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
