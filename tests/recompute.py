"""Computes every cell of the paper's tables a second time, from the records of the runs.

Run:  python tests/recompute.py                  after `report build`: reads .report/records
      python tests/recompute.py --from-scores    reads the scores in reports/data/runs.csv instead

Needs Python 3.11 or later, numpy and scipy. It shares no code with `report`: scores, means, intervals, tests,
the scorecard's ranges and grades are written here again, from docs/statistics.md. It compares them with each
cell in reports/report.md to the last digit shown, and with each number in reports/data/*.csv.
"""
import argparse, csv, hashlib, json, math, pathlib, re, sys, tomllib
from collections import defaultdict

import numpy as np
from scipy import stats
from scipy.optimize import brentq

ROOT = pathlib.Path(__file__).parents[1]
MODELS = ["deep", "deep-sigmoid", "fully-connected"]
TITLES = {"deep": "deep", "deep-sigmoid": "deep with sigmoids", "fully-connected": "fully connected"}
METRICS = ["published", "dropout-off", "inference", "corrected", "held-out", "digit", "comparison"]
PUBLISHED_RUNS, BELOW = 10, 65.0


# ---------------------------------------------------------------- from records to scores

def dataset_digest():
    import gzip
    names = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]
    files = [gzip.open(ROOT / f"experiments/data/mnist/{name}-ubyte.gz").read() for name in names]
    return hashlib.sha256("\n".join(hashlib.sha256(file).hexdigest() for file in files).encode()).hexdigest()


def scores_of(curves):
    best = lambda name: max(curves[name])
    held_out = curves["validation_accuracy"]
    values = {
        "published": best("published_test_accuracy"), "dropout-off": best("dropout_off_test_accuracy"),
        "inference": best("corrected_test_accuracy"), "corrected": curves["corrected_test_accuracy"][-1],
        "held-out": curves["corrected_test_accuracy"][held_out.index(max(held_out))],
        "digit": curves["digit_accuracy"][-1], "comparison": curves["comparison_accuracy"][-1],
    }
    return {name: 100 * value for name, value in values.items()}


def from_records():
    """Scores by (is over draws, model, auxiliary loss, weight sharing) and seed, from complete records."""
    wanted, found = dataset_digest(), defaultdict(dict)
    for path in (ROOT / ".report/records").glob("*.json"):
        record = json.loads(path.read_text())
        config = record["config"]
        if config["data"]["dataset"] != wanted:
            continue
        layers = [layer["layer"] for layer in config["model"]["branch"]]
        model = "fully-connected" if "conv2d" not in layers else "deep-sigmoid" if "sigmoid" in layers else "deep"
        seed, data_seed = config["seed"], config["data"]["seed"]
        assert data_seed in (0, seed), path
        key = (data_seed != 0, model, config["train"]["auxiliary_loss"], config["model"]["weight_sharing"])
        assert seed not in found[key], f"{path}: two records of one run; empty .report/records and build again"
        found[key][seed] = scores_of(record["curves"])
    return found


def from_scores():
    found = defaultdict(dict)
    for row in csv.DictReader((ROOT / "reports/data/runs.csv").open()):
        over_draws, _, model = row["experiment"].rpartition("/")
        key = (bool(over_draws), model, row["auxiliary_loss"] == "true", row["weight_sharing"] == "true")
        found[key][int(row["seed"])] = {metric: float(row[metric]) for metric in METRICS}
    return found


# ---------------------------------------------------------------- statistics

def interval(values):
    values = np.asarray(values)
    return stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))


def wilson(wins, n):
    z = stats.norm.ppf(0.975)
    middle, half = (wins + z * z / 2) / (n + z * z), z * math.sqrt(wins * (n - wins) / n + z * z / 4) / (n + z * z)
    return [middle - half, middle + half]


def holm(p):
    order, adjusted, largest = np.argsort(p), np.empty(len(p)), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p) - rank) * p[index]))
        adjusted[index] = largest
    return adjusted


def sign_flip(d):
    """The exact two-sided p of the mean, over all patterns of signs."""
    sums = np.array([0.0])
    for value in np.abs(d):
        sums = np.concatenate([sums + value, sums - value])
    return float((np.abs(sums) >= abs(sum(d)) - 1e-9).mean())


class NewDraw:
    """The mean of m runs on one more draw, by a midpoint rule over cube roots of both chi-squared variables."""

    def __init__(self, over_draws, on_one, m, size=500):
        k, n, total, within = len(over_draws), len(on_one), np.var(over_draws, ddof=1), np.var(on_one, ddof=1)
        def grid(freedom):
            low, high = (stats.chi2.ppf([1e-13, 1 - 1e-13], freedom)) ** (1 / 3)
            t = low + (np.arange(size) + 0.5) * (high - low) / size
            return t**3, stats.chi2.pdf(t**3, freedom) * 3 * t * t * (high - low) / size
        (a, wa), (b, wb) = grid(n - 1), grid(k - 1)
        e = ((n - 1) * within / a)[:, None]
        d = np.maximum(0, (k - 1) * total / b[None, :] - e)
        self.center = np.mean(over_draws)
        self.spread = np.sqrt(d * (1 + 1 / k) + e * (1 / k + 1 / m)).ravel()
        self.weight = (wa[:, None] * wb[None, :]).ravel()

    def beyond(self, distance, sides):
        return float((self.weight * sides * stats.norm.sf(distance / self.spread)).sum())

    def half(self, level):
        return brentq(lambda d: self.beyond(d, 2) - (1 - level), 1e-9, 1e4, xtol=1e-7)

    def detectable(self):
        half = self.half(0.95)
        return brentq(lambda shift: self.beyond(half - shift, 1) - 0.8, 0, 1e4, xtol=1e-7)

    def grade(self, published):
        p = self.beyond(abs(published - self.center), 2)
        return "compatible" if p >= 0.05 else "near" if p >= 0.01 else "differs"


def std_grade(published, samples):
    """The F test of a published mean of standard deviations (divided by n) and ours (divided by n - 1)."""
    s = np.array([np.std(sample, ddof=1) for sample in samples])
    freedom = s.sum() ** 2 / sum(x * x / (len(sample) - 1) for x, sample in zip(s, samples))
    m = PUBLISHED_RUNS
    theirs = freedom * (m - 1) / np.mean([len(sample) - 1 for sample in samples])
    f = (published * math.sqrt(m / (m - 1)) / s.mean()) ** 2
    p = min(1.0, 2 * min(stats.f.cdf(f, theirs, freedom), stats.f.sf(f, theirs, freedom)))
    return "compatible" if p >= 0.05 else "near" if p >= 0.01 else "differs"


# ---------------------------------------------------------------- tables: rows of (text cells, values by key)

class Paper:
    def __init__(self, scores):
        self.scores = scores
        for over_draws, seeds in ((False, range(10)), (True, range(1, 31))):
            for key in self.conditions(over_draws=over_draws):
                assert sorted(scores[key]) == list(seeds), f"{key} has the seeds {sorted(scores[key])}"
        tables = tomllib.loads((ROOT / "experiments/paper.toml").read_text())["table"]
        self.published = {t["name"]: t.get("published", []) for t in tables}

    def conditions(self, models=MODELS, auxiliary=(True, False), sharing=(True, False), over_draws=False):
        return [(over_draws, m, a, s) for m in models for s in sharing for a in auxiliary]

    def values(self, key, metric):
        return np.array([self.scores[key][seed][metric] for seed in sorted(self.scores[key])])

    def by_seed(self, keys, metric):
        return np.mean([self.values(key, metric) for key in keys], axis=0)

    def score_row(self, labels, keys, metric, published=None):
        each = [self.values(key, metric) for key in keys]
        pooled = self.by_seed(keys, metric)
        mean, std = np.mean([v.mean() for v in each]), np.mean([v.std() for v in each])
        lower, upper = interval(pooled)
        row = dict(n=sum(map(len, each)), expected=sum(map(len, each)), mean=mean, std=std, seeds=len(pooled),
                   sample_std=np.std(pooled, ddof=1), lower=lower, upper=upper)
        cells = [*labels, [row["n"]], [mean, std]]
        if published:
            row |= dict(published_mean=published["mean"], published_std=published["std"], difference=mean - published["mean"])
            cells += [[published["mean"], published["std"]], [row["difference"]]]
        cells += ([[len(pooled)]] if len(keys) > 1 else []) + [[row["sample_std"]], [lower, upper]]
        return cells, row

    def groups(self, table):
        """The rows of Tables 1 to 4: their labels, their keys in data files, and their conditions."""
        word = lambda level: "yes" if level else "no"
        if table == "table1":
            return [([TITLES[m]], m, [(False, m, False, False)]) for m in MODELS]
        if table == "table2":
            return [([word(s)], s, self.conditions(sharing=[s])) for s in (True, False)]
        if table == "table3":
            return [([word(a)], a, self.conditions(models=MODELS[:2], auxiliary=[a])) for a in (True, False)]
        return [([TITLES[m], word(a), word(s)], [m, a, s], [(False, m, a, s)]) for _, m, a, s in self.conditions()]

    def ranked(self, table, metric):
        rows = [(*group, np.mean([self.values(key, metric).mean() for key in group[2]])) for group in self.groups(table)]
        return sorted(rows, key=lambda row: -row[3]) if table in ("table1", "table4") else rows

    def score_table(self, table, metric):
        rows = []
        for labels, level, keys, _ in self.ranked(table, metric):
            published = [p for p in self.published[table] if p["row"] == level] if metric == "published" else []
            rows.append(self.score_row(labels, keys, metric, published[0] if published else None))
        return rows

    def named(self, keys):
        (_, model, auxiliary, sharing), = keys
        return " + ".join([TITLES[model], *["auxiliary loss"] * auxiliary, *["weight sharing"] * sharing])

    def row_name(self, table, labels, keys):
        if table in ("table2", "table3"):
            return f"{'weight sharing' if table == 'table2' else 'auxiliary loss'}: {labels[0]}"
        return self.named(keys)

    def scorecard(self):
        rows = []
        def add(number, name, keys, mean, std):
            draws = [(True, *key[1:]) for key in keys]
            on_draws, on_one = self.by_seed(draws, "published"), self.by_seed(keys, "published")
            new, ours = NewDraw(on_draws, on_one, PUBLISHED_RUNS), [self.values(key, "published") for key in keys]
            half, own = new.half(0.95), np.mean([v.mean() for v in ours])
            row = dict(published_mean=mean, mean=own, difference=own - mean, lower=new.center - half, upper=new.center + half,
                       detectable_shift=new.detectable(), below=int((on_draws < mean).sum()), draws=len(on_draws), published_std=std,
                       grade=new.grade(mean), std=np.mean([v.std() for v in ours]), std_grade=std_grade(std, ours))
            rows.append(([number, name, [mean], [own], [row["difference"]], [row["lower"], row["upper"]], [row["detectable_shift"]],
                          [row["below"], row["draws"]], row["grade"], [std], [row["std"]], row["std_grade"]], row))
        for number, table in enumerate(["table1", "table2", "table3", "table4"], 1):
            for labels, level, keys, _ in self.ranked(table, "published"):
                published, = (p for p in self.published[table] if p["row"] == level)
                add(f"Table {number}", self.row_name(table, labels, keys), keys, published["mean"], published["std"])
        all_rows = [([(False, *p["row"])], p) for p in self.published["table4"]]
        stable = [(keys, p) for keys, p in all_rows if not (p["row"][0] == "fully-connected" and p["row"][1])]
        for name, some in (("mean of all conditions", all_rows), ("mean of the stable conditions", stable)):
            mean, std = (np.mean([p[what] for _, p in some]) for what in ("mean", "std"))
            add("Table 4", name, [key for keys, _ in some for key in keys], mean, std)
        return rows

    def effects(self, metric):
        rows = []
        for factor in ("weight sharing", "auxiliary loss"):
            for group in [[m] for m in MODELS] + [MODELS]:
                sides = [self.conditions(models=group, over_draws=True, **{factor.split()[0 if "aux" in factor else 1]: [level]})
                         for level in (True, False)]
                d = self.by_seed(sides[0], metric) - self.by_seed(sides[1], metric)
                wins = sum(0.5 if abs(x) < 1e-9 else float(x > 0) for x in d)
                lower, upper = interval(d)
                p = sign_flip(d) if len(d) <= 20 else stats.ttest_1samp(d, 0).pvalue
                label = f"{TITLES[group[0]]} (other draws)" if len(group) == 1 else "all together"
                rows.append([factor, label, dict(seeds=len(d), expected=len(d), effect=d.mean(), effect_std=np.std(d, ddof=1),
                             lower=lower, upper=upper, p=p, p_holm=None, improvement=wins / len(d),
                             improvement_lower=wilson(wins, len(d))[0], improvement_upper=wilson(wins, len(d))[1])])
        single = [row for _, label, row in rows if label != "all together"]
        for row, adjusted in zip(single, holm(np.array([row["p"] for row in single]))):
            row["p_holm"] = adjusted
        return [([f, label, [r["seeds"]], [r["effect"]], [r["lower"], r["upper"]], ("p", r["p"]), ("p", r["p_holm"]),
                  ("%", r["improvement"], r["improvement_lower"], r["improvement_upper"])], r) for f, label, r in rows]

    def collapsed(self):
        rows = []
        for key in self.conditions(models=["fully-connected"], over_draws=True):
            v = self.values(key, "published")
            below = int((v < BELOW).sum())
            low, high = wilson(below, len(v))
            word = lambda level: "yes" if level else "no"
            rows.append((["fully connected (other draws)", word(key[2]), word(key[3]), [len(v)], [below], ("%", below / len(v), low, high)],
                         dict(n=len(v), expected=len(v), below=below, share=below / len(v), share_lower=low, share_upper=high)))
        return rows

    def variance(self):
        rows = []
        for key in self.conditions():
            one, draws = self.values(key, "published"), self.values((True, *key[1:]), "published")
            w, t = np.var(one, ddof=1), np.var(draws, ddof=1)
            bounds = [float(np.clip(1 - w / t * stats.f.ppf(q, len(draws) - 1, len(one) - 1), 0, 1)) for q in (0.975, 0.025)]
            share, word = max(0.0, 1 - w / t), lambda level: "yes" if level else "no"
            row = dict(n_one_draw=len(one), expected_one_draw=len(one), n_other_draws=len(draws), expected_other_draws=len(draws),
                       mean_one_draw=one.mean(), mean_other_draws=draws.mean(), std_one_draw=w**0.5, std_other_draws=t**0.5,
                       share=share, share_lower=bounds[0], share_upper=bounds[1])
            rows.append(([TITLES[key[1]], word(key[2]), word(key[3]), [len(one)], [len(draws)], [one.mean()], [draws.mean()],
                          [w**0.5], [t**0.5], ("%", share, *bounds)], row))
        return rows

    def ablation(self):
        rows, metrics = [], METRICS[:5]
        for number, table in enumerate(["table1", "table2", "table3", "table4"], 1):
            for labels, _, keys, _ in self.ranked(table, "published"):
                means = [np.mean([self.values(key, metric).mean() for key in keys]) for metric in metrics]
                d = self.by_seed(keys, "held-out") - self.by_seed(keys, "published")
                lower, upper = interval(d)
                row = {f"mean_{m}": v for m, v in zip(metrics, means)} | {f"change_{m}": b - a for m, a, b in zip(metrics[1:], means, means[1:])}
                row |= dict(total=d.mean(), total_lower=lower, total_upper=upper, seeds=len(d))
                rows.append(([f"Table {number}", self.row_name(table, labels, keys), [means[0]], *([b - a] for a, b in zip(means, means[1:])),
                              [d.mean(), lower, upper]], row))
        return rows

    def branches(self, metric):
        rows = []
        for key in self.conditions(auxiliary=[True]):
            rows.append(self.score_row([TITLES[key[1]], "yes" if key[3] else "no"], [key], metric))
        return sorted(rows, key=lambda row: -row[1]["mean"])


# ---------------------------------------------------------------- comparison with the report

def markdown_tables():
    """The rows of each table of the report, as lists of cells, by number."""
    text = (ROOT / "reports/report.md").read_text()
    for number, body in re.findall(r"\*\*Table (\d+)\.\*\*.*?\n\n((?:\|.*\n)+)", text):
        lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in body.splitlines()]
        yield int(number), lines[2:]


def numbers(cell):
    """The numbers of a cell, each with its number of decimals."""
    plain = cell.replace("−", "-").replace("\\", "").replace("&lt;", "<").replace(",", "").replace("+", "")
    return [(float(x), len(x.partition(".")[2])) for x in re.findall(r"-?\d+(?:\.\d+)?", plain)]


def agrees(expected, cell):
    if isinstance(expected, str):
        return cell == expected
    if isinstance(expected, tuple) and expected[0] == "p":
        p = expected[1]
        if p is None:
            return cell == "–"
        return cell == "&lt;0.001" if p < 0.001 else abs(numbers(cell)[0][0] - p) <= 0.00051
    values = [100 * x for x in expected[1:]] if isinstance(expected, tuple) else expected
    found = numbers(cell)
    # The ranges of the scorecard are computed by another quadrature here: to 0.0005.
    return len(found) == len(values) and all(abs(x - v) <= 0.5 * 10.0**-d + 5e-4 for (x, d), v in zip(found, values))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from-scores", action="store_true", help="read reports/data/runs.csv, not the records")
    paper = Paper(from_scores() if parser.parse_args().from_scores else from_records())
    first = [f"table{n}" for n in range(1, 5)]
    tables = [(name, paper.score_table(name, "published")) for name in first] + [
        ("scorecard", paper.scorecard()), ("effects", paper.effects("published")), ("effects-corrected", paper.effects("corrected")),
        ("collapsed", paper.collapsed()), ("variance", paper.variance()), ("ablation", paper.ablation()),
        ("digits", paper.branches("digit")), ("comparison", paper.branches("comparison"))]
    under_other_protocols = [(f"{name}-{metric}", paper.score_table(name, metric)) for name in first for metric in ("corrected", "held-out")]
    wrong, cells, data = [], 0, 0
    shown = dict(markdown_tables())
    assert sorted(shown) == list(range(1, len(tables) + 1)), f"the report has the tables {sorted(shown)}"
    for number, (name, rows) in enumerate(tables, 1):
        if len(shown[number]) != len(rows):
            wrong.append(f"Table {number} has {len(shown[number])} rows, not {len(rows)}")
        for line, (expected, _) in zip(shown[number], rows):
            if len(line) != len(expected):
                wrong.append(f"Table {number}: {line} has {len(line)} cells, not {len(expected)}")
            for found, value in zip(line, expected):
                cells += 1
                if not agrees(value, found):
                    wrong.append(f"Table {number}, {' '.join(line[:3])}: {found}, not {value}")
    for name, rows in tables + under_other_protocols:
        written = list(csv.DictReader((ROOT / f"reports/data/{name}.csv").open()))
        assert len(written) == len(rows), name
        for line, (_, expected) in zip(written, rows):
            for key, value in expected.items():
                data += 1
                by_quadrature = name == "scorecard" and key in ("lower", "upper", "detectable_shift")
                tolerance = 1e-4 if by_quadrature else 1e-9 * max(1, abs(value)) if isinstance(value, (int, float)) else 0
                same = line[key] == ("" if value is None else value) if not isinstance(value, (int, float)) else abs(float(line[key]) - value) <= tolerance
                if not same:
                    wrong.append(f"{name}.csv, {list(line.values())[:3]}: {key} is {line[key]}, not {value}")
    print("\n".join(wrong + [f"{cells} cells in {len(tables)} tables and {data} numbers in data files: {len(wrong)} differ"]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
