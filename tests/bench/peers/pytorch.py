"""The paper's protocol in PyTorch, tuned for one core: channels last, fused Adam, ReLU after pooling, both
digits in one pass where they share a branch, the test pass in chunks that stay in the cache, no denormals.
Huge pages come from the environment, see `compare.py`. With `--device cuda`, the same on a GPU."""
import time

import torch
import torch.nn.functional as F
from torch import nn

from protocol import BATCH, EPOCHS, LEARNING_RATE, PAIRS, arguments, pairs, report

args = arguments()
torch.set_num_threads(1)
torch.set_flush_denormal(True)
is_deep = args.model != "fully-connected"
activation = torch.sigmoid if args.model == "deep-sigmoid" else F.relu
train, test = ([torch.tensor(array, device=args.device) for array in part] for part in pairs())


class ConvolutionalBranch(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 35, 3, padding=1), nn.Conv2d(35, 32, 5)
        self.linear = nn.Sequential(nn.Linear(800, 25), nn.Linear(25, 25), nn.Linear(25, 10))
        self.norm = nn.BatchNorm1d(10, track_running_stats=False)

    def features(self, x):
        x = activation(F.max_pool2d(self.first(x), 2))
        # A padding of 4, but for the last row and column, which the pooling drops.
        x = activation(F.max_pool2d(self.second(F.pad(x, (4, 3, 4, 3))), 2))
        return self.linear(x.flatten(1))

    def end(self, x):
        return activation(self.norm(x))


class ConnectedBranch(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in [(196, 128), (128, 128), (128, 56), (56, 10)])

    def features(self, x):
        x = x.flatten(1)
        for layer in self.layers:
            x = F.relu(layer(x))
        return x

    def end(self, x):
        return x


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        branch = ConvolutionalBranch if is_deep else ConnectedBranch
        self.a = branch()
        self.b = self.a if args.shared else branch()
        self.head, self.norm = nn.Linear(20, 1), nn.BatchNorm1d(1, track_running_stats=False)

    def forward(self, x):
        n = len(x)
        if is_deep and n > BATCH:
            first = torch.cat([self.a.features(part[:, :1]) for part in x.split(BATCH)])
            second = torch.cat([self.b.features(part[:, 1:]) for part in x.split(BATCH)])
        elif args.shared:
            first, second = self.a.features(torch.cat((x[:, :1], x[:, 1:]))).split(n)
        else:
            first, second = self.a.features(x[:, :1]), self.b.features(x[:, 1:])
        first, second = self.a.end(first), self.b.end(second)
        return first, second, F.dropout(self.norm(self.head(torch.cat((first, second), 1))), 0.05)[:, 0]


def losses(network, images, targets, classes):
    first, second, logits = network(images)
    main = F.binary_cross_entropy_with_logits(logits, targets)
    return main, F.cross_entropy(first, classes[:, 0]) + F.cross_entropy(second, classes[:, 1])


def run(seed, epochs):
    torch.manual_seed(seed)
    network = Network().to(args.device, memory_format=torch.channels_last)
    adam = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE[args.model], fused=True)
    batches = [[array[start : start + BATCH] for array in train] for start in range(0, PAIRS, BATCH)]
    best = 0.0
    for epoch in range(epochs):
        with torch.no_grad():
            right = (torch.sigmoid(network(test[0])[2]) - test[1]).abs() < 0.5
            best = max(best, 100 * right.float().mean().item())
            if epoch == 0:
                main_0, auxiliary_0 = losses(network, *batches[0])
        for batch in batches:
            adam.zero_grad(set_to_none=True)
            main, auxiliary = losses(network, *batch)
            (main / main_0 + auxiliary / auxiliary_0 if args.auxiliary else main / main_0).backward()
            adam.step()
    if args.device == "cuda":
        torch.cuda.synchronize()
    return best


start = time.monotonic()
run(999, 1)
started = time.monotonic()
scores = [run(seed, EPOCHS) for seed in args.seeds]
report(started - start, (time.monotonic() - started) / len(scores), scores)
