"""Trains one network on pairs of digits with PyTorch, by the protocol of the built-in engine.

`report` starts this file once for each network and seed. The seed decides the pairs, the initial values and the
dropout. The engine of `report` and this file share no code and no random numbers, so the same seed gives other pairs.
"""

import gzip

import torch
from torch import nn

from report_log import log, params, progress, seed, threads

PAIRS = 1000  # for training, and as many for testing

torch.set_num_threads(threads)
torch.use_deterministic_algorithms(True)
torch.manual_seed(seed)


def read(name, header):
    """The bytes of an IDX file after its header."""
    with gzip.open(f"data/{name}-ubyte.gz") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=torch.uint8)[header:]


def draw(part):
    """Pairs of the images of a part of MNIST, their digits, and whether the first digit is at most the second."""
    images = read(f"{part}-images-idx3", 16).view(-1, 1, 28, 28)
    labels = read(f"{part}-labels-idx1", 8).long()
    chosen = torch.randperm(len(labels))[: 2 * PAIRS]  # each image is used once
    pixels = nn.functional.avg_pool2d(images[chosen].float(), 2)  # 14×14; the scale stays 0 to 255
    x, digits = pixels.view(PAIRS, 2, 14, 14), labels[chosen].view(PAIRS, 2)
    return x, digits, (digits[:, 0] <= digits[:, 1]).float()


def branch(network):
    """The layers that each image goes through. PyTorch draws weights and biases from ±1/√fan-in by default."""
    if network == "fully connected":
        return nn.Sequential(
            nn.Flatten(), nn.Linear(196, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 56),
            nn.ReLU(), nn.Linear(56, 10), nn.ReLU(),
        )
    activation = {"deep": nn.ReLU, "deep with sigmoids": nn.Sigmoid}[network]
    return nn.Sequential(
        nn.Conv2d(1, 35, 3, padding=1), activation(), nn.MaxPool2d(2),
        nn.Conv2d(35, 32, 5, padding=4), activation(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(800, 25), nn.Linear(25, 25), nn.Linear(25, 10), nn.BatchNorm1d(10), activation(),
    )


class PairNetwork(nn.Module):
    """One branch for both images, and a head that joins its outputs to the probability that first ≤ second."""

    def __init__(self, network):
        super().__init__()
        self.branch = branch(network)
        self.head = nn.Sequential(nn.Linear(20, 1), nn.BatchNorm1d(1), nn.Dropout(0.05), nn.Sigmoid())

    def forward(self, x):
        first, second = self.branch(x[:, :1]), self.branch(x[:, 1:])
        return first, second, self.head(torch.cat((first, second), 1))[:, 0]


@torch.no_grad()
def accuracy(network, pairs, training):
    """The share of right answers, with all pairs in one batch. An answer of exactly ½ is wrong.

    In training mode, batch-norm takes its statistics from the test pairs, and dropout is on.
    """
    x, _, target = pairs
    state = {name: value.clone() for name, value in network.state_dict().items()}
    network.train(training)
    answer = network(x)[2]
    network.train()
    network.load_state_dict(state)  # testing does not change the running statistics
    return ((answer - target).abs() < 0.5).sum().item() / len(target)


train, test = draw("train"), draw("t10k")
network = PairNetwork(params["network"]).to(memory_format=torch.channels_last)  # faster on a CPU
optimizer = torch.optim.Adam(network.parameters(), lr=params["lr"])
main_loss, class_loss = nn.BCELoss(), nn.CrossEntropyLoss()
first_losses = None

for epoch in range(1, params["epochs"] + 1):
    # This protocol tests before the first step of an epoch.
    before = accuracy(network, test, training=True)
    sums = [0.0, 0.0]
    batches = list(zip(*(part.split(params["batch_size"]) for part in train)))  # in fixed order
    for x, digits, target in batches:
        first, second, answer = network(x)
        main = main_loss(answer, target)
        auxiliary = class_loss(first, digits[:, 0]) + class_loss(second, digits[:, 1])
        # Each loss counts as a share of its value on the first batch of the run.
        first_losses = first_losses or (main.item(), auxiliary.item())
        optimizer.zero_grad()
        (main / first_losses[0] + auxiliary / first_losses[1]).backward()
        optimizer.step()
        sums = [sums[0] + main.item(), sums[1] + auxiliary.item()]
    log(
        epoch,
        published_test_accuracy=before,
        train_main_loss=sums[0] / len(batches),
        train_auxiliary_loss=sums[1] / len(batches),
    )
    progress(epoch / params["epochs"])

log(corrected_test_accuracy=accuracy(network, test, training=False))
