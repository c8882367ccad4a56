"""The network of `classification.py` in PyTorch, tuned for one core: channels last, fused Adam, ReLU after pooling,
the test part in chunks that stay in the cache, no denormals. Reads the arrays that `classification.py` has written."""
import argparse, json, time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("data", type=Path)
parser.add_argument("--seeds", type=int, nargs="+", required=True)
parser.add_argument("--epochs", type=int, required=True)
parser.add_argument("--batch", type=int, required=True)
parser.add_argument("--lr", type=float, required=True)
parser.add_argument("--chunk", type=int, default=100, help="test digits that pass through the network at once")
parser.add_argument("--compile", action="store_true")
args = parser.parse_args()
torch.set_num_threads(1)
torch.set_flush_denormal(True)


def read(part):
    images, classes = (np.load(args.data / f"{part}-{kind}.npy") for kind in ("images", "classes"))
    images = torch.tensor(images, dtype=torch.float32)[:, None].contiguous(memory_format=torch.channels_last)
    return images, torch.tensor(classes, dtype=torch.int64)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.first_norm = nn.Conv2d(1, 16, 3), nn.BatchNorm2d(16)
        self.second, self.second_norm = nn.Conv2d(16, 32, 3), nn.BatchNorm2d(32)
        self.linear = nn.Linear(800, 10)

    def forward(self, x):
        # The maximum before the ReLU gives the same values.
        x = F.relu(F.max_pool2d(self.first_norm(self.first(x)), 2))
        x = F.relu(F.max_pool2d(self.second_norm(self.second(x)), 2))
        return self.linear(x.flatten(1))


def run(seed, epochs):
    """Trains, and returns the share of right answers after each epoch."""
    torch.manual_seed(seed)
    network = Network().to(memory_format=torch.channels_last)
    forward = torch.compile(network) if args.compile else network
    adam = torch.optim.Adam(network.parameters(), lr=args.lr, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, args.epochs * -(-len(train[0]) // args.batch))
    accuracies = []
    for _ in range(epochs):
        network.train()
        for chosen in torch.randperm(len(train[0])).split(args.batch):
            adam.zero_grad(set_to_none=True)
            F.cross_entropy(forward(train[0][chosen]), train[1][chosen]).backward()
            adam.step()
            schedule.step()
        network.eval()
        with torch.inference_mode():
            outputs = torch.cat([forward(images) for images in test[0].split(args.chunk)])
            accuracies.append((outputs.argmax(1) == test[1]).float().mean().item())
            F.cross_entropy(outputs, test[1]).item()
    return accuracies


train, test = read("train"), read("test")
run(999, 1)
start, cpu = time.monotonic(), time.process_time()
scores = [run(seed, args.epochs)[-1] for seed in args.seeds]
n = len(scores)
print(json.dumps({"seconds": (time.monotonic() - start) / n, "cpu": (time.process_time() - cpu) / n, "scores": scores}), flush=True)
