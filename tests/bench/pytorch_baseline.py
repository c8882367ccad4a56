#!/usr/bin/env python3
"""The paper's training protocol in PyTorch on CPU: the yardstick for speed (and an independent check of the protocol).

  python3 -m venv venv && venv/bin/pip install torch numpy      (a few GB; CPU use only)
  venv/bin/python pytorch_baseline.py --data experiments/data/mnist-10k --threads 2 --seeds 1 --only deep-ws1-aux1

Prints one JSON line a condition: mean/std of the runs' best test accuracy and seconds a run. The strongest setting of this
baseline on a 2-core machine is two processes with --threads 1 side by side; compare against that one, in the same hour.
"""
import argparse, gzip, json, time
import numpy as np, torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--data", required=True)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--seeds", type=int, default=1)
parser.add_argument("--data-seed", type=int, default=0)
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--only", default="")
args = parser.parse_args()
torch.set_num_threads(args.threads)

def idx(name, offset, shape):
    raw = gzip.open(f"{args.data}/{name}.gz").read()
    return np.frombuffer(raw, np.uint8, offset=offset).reshape(shape)

images = torch.tensor(idx("images-idx3-ubyte", 16, (-1, 1, 28, 28)).copy()).float()
labels = torch.tensor(idx("labels-idx1-ubyte", 8, (-1,)).copy()).long()

def pairs(x, y, n, generator):
    x = nn.functional.avg_pool2d(x, 2)
    pick = torch.randperm(len(x), generator=generator)[: 2 * n].view(n, 2)
    classes = y[pick]
    return torch.cat((x[pick[:, 0]], x[pick[:, 1]]), 1), (classes[:, 0] <= classes[:, 1]).long(), classes

generator = torch.Generator().manual_seed(args.data_seed)
half = len(images) // 2
train = pairs(images[:half], labels[:half], 1000, generator)
test = pairs(images[half:], labels[half:], 1000, generator)

def branch(name):
    if name == "fc":
        return nn.Sequential(nn.Flatten(), nn.Linear(196, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(),
                             nn.Linear(128, 56), nn.ReLU(), nn.Linear(56, 10), nn.ReLU())
    act = nn.ReLU if name == "deep" else nn.Sigmoid
    return nn.Sequential(nn.Conv2d(1, 35, 3, 1, 1), act(), nn.MaxPool2d(2), nn.Conv2d(35, 32, 5, 1, 4), act(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(800, 25), nn.Linear(25, 25), nn.Linear(25, 10), nn.BatchNorm1d(10), act())

class PairNet(nn.Module):
    def __init__(self, name, shared):
        super().__init__()
        self.a = branch(name)
        self.b = self.a if shared else branch(name)
        self.head = nn.Sequential(nn.Linear(20, 1), nn.BatchNorm1d(1), nn.Dropout(0.05), nn.Sigmoid())

    def forward(self, x):
        u, v = self.a(x[:, :1]), self.b(x[:, 1:])
        return (u, v), self.head(torch.cat((u, v), 1))[:, 0]

cross_entropy, bce = nn.CrossEntropyLoss(), nn.BCELoss()

def run(name, shared, aux, seed):
    torch.manual_seed(seed)
    net = PairNet(name, shared).to(memory_format=torch.channels_last)  # a fifth faster than the default here
    opt = torch.optim.Adam(net.parameters(), lr={"fc": 0.01, "sig": 0.01, "deep": 0.2}[name])
    best = 0.0
    for epoch in range(args.epochs):
        for b in range(0, 1000, 100):
            x, t, c = (part[b : b + 100] for part in train)
            (u, v), p = net(x)
            loss_aux = cross_entropy(u, c[:, 0]) + cross_entropy(v, c[:, 1])
            loss_main = bce(p, t.float())
            if epoch == 0 and b == 0:
                main0, aux0 = loss_main.item(), loss_aux.item()
            if b == 0:
                with torch.no_grad():  # training mode, as the authors evaluate
                    right = (net(test[0])[1] - test[1].float()).abs() < 0.5
                    best = max(best, right.float().mean().item() * 100)
            opt.zero_grad()
            (loss_main / main0 + loss_aux / aux0 if aux else loss_main / main0).backward()
            opt.step()
    return best

for name in ("deep", "sig", "fc"):
    for shared in (True, False):
        for aux in (True, False):
            key = f"{name}-ws{int(shared)}-aux{int(aux)}"
            if args.only and args.only not in key:
                continue
            start = time.time()
            scores = [run(name, shared, aux, seed) for seed in range(args.seeds)]
            print(json.dumps(dict(condition=key, mean=round(float(np.mean(scores)), 2), std=round(float(np.std(scores)), 2),
                                  seconds_per_run=round((time.time() - start) / args.seeds, 2), scores=[round(s, 1) for s in scores])), flush=True)
