"""Record a small recurrent net as a program of Gluon leaves it, and its training: run in the folder, with MXNet 1.9.1.

    MXNET_SUBGRAPH_BACKEND=NONE MXNET_USE_MKLDNN_RNN=0 python record.py

Writes ``net-symbol.json`` and ``net-0000.params``, as `HybridBlock.export` does, and ``training.npz``: the sentences,
what is to be told of them, and the loss before each of the updates by gradient descent, with the weights after the last.
"""

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon

STEPS, BATCH, WORDS, UPDATES, RATE, MOMENTUM = 6, 8, 5, 22, 2.0, 0.9

mx.random.seed(3)
net = gluon.nn.HybridSequential(prefix="")
net.add(gluon.nn.Embedding(WORDS, 4, prefix="embedding_"), gluon.rnn.LSTM(5, bidirectional=True, prefix="lstm_"),
        gluon.rnn.GRU(4, num_layers=2, prefix="gru_"), gluon.nn.Dense(WORDS, flatten=False, prefix="decoder_"))
net.initialize(mx.init.Uniform(0.5))
net.hybridize()

draws = np.random.RandomState(5)
sentences = draws.randint(0, WORDS, (STEPS, BATCH)).astype("float32")
answers = np.roll(sentences, 1, axis=0)
x, y = mx.nd.array(sentences), mx.nd.array(answers)
net(x)
net.export("net", epoch=0)

loss_of = gluon.loss.SoftmaxCrossEntropyLoss(axis=-1)
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": RATE, "momentum": MOMENTUM})
losses = []
for _ in range(UPDATES):
    with autograd.record():
        loss = loss_of(net(x), y).mean()
    loss.backward()
    losses.append(loss.asscalar())
    trainer.step(1)
after = {name: value.data().asnumpy() for name, value in net.collect_params().items()}
np.savez_compressed("training.npz", sentences=sentences, answers=answers, losses=losses, rate=RATE, momentum=MOMENTUM,
                    **after)
print(losses)
