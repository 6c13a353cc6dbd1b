"""Tell malign from benign tumours by logistic regression, trained with signSGD, each step one graph.

The 569 samples of scikit-learn's breast-cancer data, 30 measured features each, standardised.
"""

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

import ndarray as nd
import symbolic as sym
from symbolic import optimizers

STEPS = 100


def main():
    """Train on the whole training set, and print the accuracy on samples that were not trained on."""
    features, labels = load_breast_cancer(return_X_y=True)
    features = ((features - features.mean(axis=0)) / features.std(axis=0)).astype("float32")
    features, test_features, labels, test_labels = train_test_split(features, labels.astype("float32"), test_size=143,
                                                                    random_state=0, stratify=labels)
    score = sym.FullyConnected(sym.var("features"), num_hidden=1, name="score")
    chance = sym.LogisticRegressionOutput(score, sym.var("label"), name="chance")
    step = optimizers.step(chance, "signsgd", wd=0.1, no_decay=optimizers.BIASES_AND_NORMS)
    print(optimizers.table(chance, "signsgd", wd=0.1, no_decay=optimizers.BIASES_AND_NORMS))
    arrays = {"score_weight": nd.zeros((1, features.shape[1])), "score_bias": nd.zeros(1)}
    trainer = optimizers.Trainer(step, arrays, lr=optimizers.PolyScheduler(base_lr=0.01, max_update=STEPS),
                                 features=features.shape)
    for number in range(1, STEPS + 1):
        p, = trainer.step(features=features, label=labels)
        if number % 20 == 0:
            p = np.clip(p.asnumpy()[:, 0], 1e-7, 1 - 1e-7)
            print(f"step {number:3}   loss {-np.mean(np.log(np.where(labels == 1, p, 1 - p))):.4f}")
    found = score.eval(features=test_features, **arrays)[0].asnumpy()[:, 0] > 0
    accuracy = np.mean(found == test_labels)
    print(f"test accuracy {accuracy:.4f}")
    return accuracy


if __name__ == "__main__":
    main()
