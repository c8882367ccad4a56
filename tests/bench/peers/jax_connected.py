"""The paper's protocol for the fully connected model in JAX, with a whole epoch compiled. (Convolutions are
slower in JAX than in PyTorch on a CPU.)"""
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from protocol import BATCH, EPOCHS, LEARNING_RATE, PAIRS, arguments, pairs, report

args = arguments()
assert args.model == "fully-connected"
train, test = pairs()
train = [jnp.asarray(array).reshape(PAIRS // BATCH, BATCH, *array.shape[1:]) for array in train]
test = [jnp.asarray(array) for array in test]
adam = optax.adam(LEARNING_RATE[args.model], eps=1e-8)


def linear(key, inputs, outputs):
    weight, bias = jax.random.split(key)
    bound = 1 / np.sqrt(inputs)
    return {"weight": jax.random.uniform(weight, (inputs, outputs), minval=-bound, maxval=bound),
            "bias": jax.random.uniform(bias, (outputs,), minval=-bound, maxval=bound)}


def branch(key):
    sizes = [(196, 128), (128, 128), (128, 56), (56, 10)]
    return [linear(key, *size) for key, size in zip(jax.random.split(key, len(sizes)), sizes)]


def network(key):
    keys = jax.random.split(key, 3)
    made = {"a": branch(keys[0]), "head": linear(keys[2], 20, 1), "scale": jnp.ones(1), "shift": jnp.zeros(1)}
    return made if args.shared else made | {"b": branch(keys[1])}


def features(layers, x):
    x = x.reshape(len(x), -1)
    for layer in layers:
        x = jax.nn.relu(x @ layer["weight"] + layer["bias"])
    return x


def forward(net, x, key):
    n = len(x)
    if args.shared:
        both = features(net["a"], x.transpose(1, 0, 2, 3).reshape(2 * n, -1))
        first, second = both[:n], both[n:]
    else:
        first, second = features(net["a"], x[:, 0]), features(net["b"], x[:, 1])
    z = jnp.concatenate((first, second), 1) @ net["head"]["weight"] + net["head"]["bias"]
    z = (z - z.mean(0)) * lax.rsqrt(z.var(0) + 1e-5) * net["scale"] + net["shift"]
    return first, second, jnp.where(jax.random.bernoulli(key, 0.95, z.shape), z / 0.95, 0.0)[:, 0]


def losses(net, x, target, classes, key):
    first, second, z = forward(net, x, key)
    entropy = lambda logits, of: optax.softmax_cross_entropy_with_integer_labels(logits, of).mean()
    return optax.sigmoid_binary_cross_entropy(z, target).mean(), entropy(first, classes[:, 0]) + entropy(second, classes[:, 1])


def objective(net, x, target, classes, key, first_losses):
    main, auxiliary = losses(net, x, target, classes, key)
    total = main / first_losses[0]
    return total + auxiliary / first_losses[1] if args.auxiliary else total


def begin(seed, train):
    key = jax.random.key(seed, impl="rbg")
    net = network(key)
    return net, adam.init(net), key, losses(net, *(array[0] for array in train), key)


def epoch(net, state, key, number, first_losses, train, test):
    keys = jax.random.split(jax.random.fold_in(key, number), PAIRS // BATCH + 1)
    right = jnp.abs(jax.nn.sigmoid(forward(net, test[0], keys[-1])[2]) - test[1]) < 0.5

    def step(carry, batch):
        net, state = carry
        changes, state = adam.update(jax.grad(objective)(net, *batch, first_losses), state)
        return (optax.apply_updates(net, changes), state), None

    (net, state), _ = lax.scan(step, (net, state), (*train, keys[:-1]))
    return net, state, 100 * right.mean()


def run(seed):
    net, state, key, first_losses = begin(jnp.asarray(seed), train)
    scores = []
    for number in range(EPOCHS):
        net, state, score = epoch(net, state, key, jnp.asarray(number), first_losses, train, test)
        scores.append(score)
    return float(max(scores))


start = time.monotonic()
begin, epoch = jax.jit(begin), jax.jit(epoch, donate_argnums=(0, 1))
run(999)
started = time.monotonic()
scores = [run(seed) for seed in args.seeds]
report(started - start, (time.monotonic() - started) / len(scores), scores)
