"""Train a PyTorch network on real handwritten digits with AdamW, LAMB and signSGD: three lines differ.

Each training is saved half-way and resumed from the file: the same bits.  Leaves a picture of the LAMB step.
"""

import sys
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import symbolic as sym
import symbolic.torch as st

BATCH, EPOCHS = 128, 30
OPTIMIZERS = {
    "AdamW": lambda model: st.AdamW(model.named_parameters(), lr=3e-3, no_decay=["*.bias"]),
    "LAMB": lambda model: st.LAMB(model.named_parameters(), lr=2e-2, weight_decay=0.01, no_decay=["*.bias"]),
    "SignSGD": lambda model: st.SignSGD(model.named_parameters(), lr=4e-3),
}


def network():
    """Return a network with weights that are the same each time."""
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.Tanh(), torch.nn.Linear(64, 10))


class Training:
    """A network, its optimizer and its schedule."""

    def __init__(self, make):
        self.model = network()
        self.optimizer = make(self.model)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, EPOCHS)

    def parts(self):
        """Return what a checkpoint holds."""
        return {"model": self.model, "optimizer": self.optimizer, "schedule": self.schedule}

    def save(self, path):
        """Write a checkpoint."""
        torch.save({name: part.state_dict() for name, part in self.parts().items()}, path)

    def load(self, path):
        """Go on from a checkpoint."""
        saved = torch.load(path, weights_only=True)
        for name, part in self.parts().items():
            part.load_state_dict(saved[name])

    def train(self, images, labels, epochs):
        """Train for some epochs."""
        for epoch in epochs:
            order = torch.randperm(len(images), generator=torch.Generator().manual_seed(epoch))
            for batch in order.split(BATCH):
                loss = torch.nn.functional.cross_entropy(self.model(images[batch]), labels[batch])
                loss.backward()
                self.optimizer.step()
                self.optimizer.zero_grad()
            self.schedule.step()


def main(folder="."):
    """Train with each optimizer; print its accuracy on images that it has not seen."""
    torch.set_num_threads(1)  # so small a network is done before others would be awake
    images, labels = load_digits(return_X_y=True)
    split = train_test_split((images / 16).astype("float32"), labels, test_size=360, random_state=0, stratify=labels)
    images, test_images, labels, test_labels = map(torch.from_numpy, split)
    for name, make in OPTIMIZERS.items():
        training, path = Training(make), Path(folder) / f"{name}.pt"
        training.train(images, labels, range(EPOCHS // 2))
        training.save(path)
        resumed = Training(make)
        resumed.load(path)
        for each in (training, resumed):
            each.train(images, labels, range(EPOCHS // 2, EPOCHS))
        same = all(torch.equal(a, b) for a, b in zip(training.model.parameters(), resumed.model.parameters()))
        accuracy = (training.model(test_images).argmax(dim=1) == test_labels).double().mean()
        print(f"{name:8} resumed with the same bits: {same}   test accuracy {accuracy:.4f}")
        if name == "LAMB":
            print(Training(make).optimizer.table())
            shapes = {n: tuple(p.shape) for n, p in training.model.named_parameters()}
            sym.plot_network(training.optimizer.symbol(), shape=shapes).save(Path(folder) / "lamb_step.svg")


if __name__ == "__main__":
    main(*sys.argv[1:])
