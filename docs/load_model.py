"""Loads models of `report build --save-models` into PyTorch, and prints their predictions.

    python load_model.py DATA MODEL [MODEL ...]

DATA is a table in CSV with the columns of the training data, or an NPY file with an array of its shape. For a network
that compares pairs, two images after each other are a pair. Several models are the folds of one run: the predictions
are their means. The output is a JSON list: for each example, the probabilities of the classes, or one number.

Needs torch, safetensors and numpy.
"""

import csv
import json
import sys

import numpy as np
import torch
from safetensors import safe_open
from torch import nn


class Residual(nn.Module):
    """The sum of two lists of layers. An empty shortcut is the input itself."""

    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class Reorder(nn.Module):
    """From channel × height × width, as PyTorch flattens images, to the order of `report`."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels

    def forward(self, x):
        return x.unflatten(1, (self.channels, -1)).transpose(1, 2).flatten(1)


class Pair(nn.Module):
    """Two images through one branch, or each through its own, and both results through the head."""

    def __init__(self, model, shape):
        super().__init__()
        if model["weight_sharing"]:
            self.branch, width = ordered(model["branch"], shape)
        else:
            both = [ordered(model["branch"], shape) for _ in range(2)]
            self.branches, width = nn.ModuleList(layers for layers, _ in both), both[0][1]
        self.head, _ = build(model["head"], (2 * width[0],))

    def forward(self, first, second):
        branches = [self.branch] * 2 if hasattr(self, "branch") else self.branches
        return self.head(torch.cat([branch(x) for branch, x in zip(branches, (first, second))], 1))


def module(layer, shape):
    """A layer for inputs of this shape."""
    kind = layer["layer"]
    if kind == "conv2d":
        stride, padding = layer.get("stride", 1), layer.get("padding", 0)
        return nn.Conv2d(shape[0], layer["channels"], layer["kernel"], stride, padding)
    if kind == "batch_norm":
        norm = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
        return norm(shape[0], layer.get("epsilon", 1e-5), layer.get("momentum", 0.1))
    if kind == "residual":
        lists = layer["body"], layer.get("shortcut", [])
        return Residual(*(build(layers, shape)[0] for layers in lists))
    return {
        "max_pool2d": lambda: nn.MaxPool2d(layer["size"], layer["stride"]),
        "avg_pool2d": lambda: nn.AvgPool2d(layer["size"], layer["stride"]),
        "global_avg_pool2d": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        "flatten": nn.Flatten,
        "linear": lambda: nn.Linear(shape[0], layer["outputs"]),
        "layer_norm": lambda: nn.LayerNorm(shape, layer.get("epsilon", 1e-5)),
        "dropout": lambda: nn.Dropout(layer["probability"]),
        "relu": nn.ReLU,
        "leaky_relu": lambda: nn.LeakyReLU(layer.get("slope", 0.01)),
        "gelu": nn.GELU,
        "silu": nn.SiLU,
        "sigmoid": nn.Sigmoid,
        "tanh": nn.Tanh,
    }[kind]()


def build(layers, shape):
    """The layers for inputs of this shape (channels first), and the shape of their outputs."""
    modules = nn.Sequential()
    for layer in layers:
        added = module(layer, shape).eval()
        modules.append(added)
        shape = tuple(added(torch.zeros(1, *shape)).shape[1:])
    return modules, shape


def chooses(layer):
    """Whether the order of the outputs does not follow from that of the inputs."""
    if layer["layer"] == "residual":
        return all(any(map(chooses, layer.get(name, []))) for name in ("body", "shortcut"))
    return layer["layer"] in ("linear", "global_avg_pool2d")


def ordered(layers, shape):
    """The same, with outputs in the order of `report` if the last layers only flatten an image."""
    modules, end = build(layers, shape)
    start = max((i for i, layer in enumerate(layers) if chooses(layer)), default=-1)
    for i, layer in enumerate(layers):
        if i > start and layer["layer"] == "flatten":
            before = build(layers[:i], shape)[1]
            if len(before) == 3:
                modules.append(Reorder(before[0]))
    return modules, end


def load(path):
    """The network in a file, in inference mode, and its metadata with their values read."""
    with safe_open(path, framework="pt") as file:
        meta = file.metadata()
        state = {name: file.get_tensor(name) for name in file.keys()}
    texts = ("format", "checksum", "digest", "fold")
    meta = {key: value if key in texts else json.loads(value) for key, value in meta.items()}
    config = meta["config"]
    size = input_shape(config)
    if "image" in size:
        image, window = size["image"], meta["pooling"]
        shape = image["channels"], image["height"] // window, image["width"] // window
    else:
        shape = (size["vector"],)
    model = config["model"]
    network = ordered(model["layers"], shape)[0] if "layers" in model else Pair(model, shape)
    missing, unexpected = network.load_state_dict(state, strict=False)
    # PyTorch counts the batches of batch-norm. Nothing depends on the number in inference mode.
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    assert not missing and not unexpected, (missing, unexpected)
    return network.eval(), meta


def input_shape(config):
    """The shape of one example in the data."""
    mnist = {"image": {"height": 28, "width": 28, "channels": 1}}
    return config["data"].get("input") or config["data"].get("image", mnist)


def read(path, meta):
    """The examples in a file, as an array."""
    if path.endswith(".npy"):
        return np.load(path)
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = [{name.strip(): text.strip() for name, text in row.items()} for row in csv.DictReader(file)]
    for name in {name for name, level in meta["columns"] if level is not None}:
        unseen = {row[name] for row in rows} - {level for own, level in meta["columns"] if own == name}
        assert not unseen, f"words that the training did not have in column {name}: {unseen}"
    value = lambda row, name, level: float(row[name] if level is None else row[name] == level)
    array = np.array([[value(row, *column) for column in meta["columns"]] for row in rows])
    assert np.isfinite(array).all(), "a value is not finite"
    return array


def prepare(array, meta):
    """The inputs of the network: pooled, standardised, and channels first."""
    x = torch.tensor(array.astype(np.float32))
    mean, std = (torch.tensor(meta[key], dtype=torch.float32) for key in ("input_mean", "input_std"))
    size = input_shape(meta["config"])
    if "vector" in size:
        return (x.reshape(len(x), size["vector"]) - mean) / std
    image = size["image"]
    x = x.reshape(len(x), image["height"], image["width"], image["channels"]).permute(0, 3, 1, 2)
    x = nn.functional.avg_pool2d(x, meta["pooling"])
    return (x - mean[:, None, None]) / std[:, None, None]


def predict(network, meta, x):
    """Probabilities of the classes, numbers in the unit of the data, or probabilities of pairs."""
    with torch.no_grad():
        task = meta["config"].get("task", "pairs")
        if task == "pairs":
            return network(x[0::2], x[1::2])[:, 0].double()
        y = network(x)
        if task == "regression":
            return (y[:, 0] * meta["target_std"] + meta["target_mean"]).double()
        if y.shape[1] == 1:
            p = torch.sigmoid(y.double())
            return torch.cat([1 - p, p], 1)
        return torch.softmax(y.double(), 1)


def main(data, *paths):
    folds = []
    for path in paths:
        network, meta = load(path)
        folds.append(predict(network, meta, prepare(read(data, meta), meta)))
    print(json.dumps(torch.stack(folds).mean(0).tolist()))


if __name__ == "__main__":
    main(*sys.argv[1:])
