"""What the peers share: the pairs of the paper's protocol, the conditions, and the line that each prints."""
import argparse, gzip, json
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parents[3] / "experiments/data/mnist"
EPOCHS, BATCH, PAIRS = 30, 100, 1000
LEARNING_RATE = {"deep": 0.2, "deep-sigmoid": 0.01, "fully-connected": 0.01}


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=LEARNING_RATE)
    parser.add_argument("--shared", action="store_true", help="both digits share a branch")
    parser.add_argument("--auxiliary", action="store_true", help="the loss includes the digits' classes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="`cuda`: only in PyTorch")
    return parser.parse_args()


def pairs():
    """Training and test pairs: images (n, 2, 14, 14), whether a ≤ b, and classes (n, 2)."""
    def read(name, offset, shape):
        return np.frombuffer(gzip.open(DATA / f"{name}.gz").read(), np.uint8, offset=offset).reshape(shape)

    generator = np.random.default_rng(0)

    def draw(split):
        images = read(f"{split}-images-idx3-ubyte", 16, (-1, 14, 2, 14, 2))
        labels = read(f"{split}-labels-idx1-ubyte", 8, -1).astype(np.int64)
        chosen = generator.permutation(len(images))[: 2 * PAIRS].reshape(PAIRS, 2)
        classes = labels[chosen]
        pooled = images[chosen].astype(np.float32).mean((3, 5))
        return pooled, (classes[:, 0] <= classes[:, 1]).astype(np.float32), classes

    return draw("train"), draw("t10k")


def report(start_seconds, seconds, scores):
    """Prints seconds to start (import and compile are of the caller), seconds a run, and the best accuracies."""
    print(json.dumps({"start": start_seconds, "seconds": seconds, "scores": scores}), flush=True)
