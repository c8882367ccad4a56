//! The table `[program]`.

use super::section::{Key, PATH, Section, Tag, Takes};

static TEXT: Takes = Takes::Text;
static FILE: Takes = PATH;
static NAME: Takes = Takes::Name("a variable");
const TEXTS: Takes = Takes::List(&TEXT);

/// How a program is started, what it reads and what it writes.
pub(super) static PROGRAM: Section = Section {
    path: "program",
    about: "A program of yours that computes the runs.",
    example: r#"[program]
command = ["python3", "train.py"]
inputs = ["train.py", "lib/**/*.py"]
metrics = { test_accuracy = "higher", seconds_per_epoch = "lower" }"#,
    tag: Tag::None,
    keys: &[&[
        Key::required(
            "command",
            TEXTS,
            "the program and its arguments. No shell reads them. `{seed}`, `{params.lr}` and `{artifacts}` stand for the \
             seed, a parameter, and the directory for artefacts; `{{` and `}}` for braces.",
        ),
        Key::required(
            "inputs",
            Takes::List(&FILE),
            "the files that the program sees: `train.py`, `lib/**/*.py`. Each must match a file of the project. Patterns \
             match no hidden files, and nothing in `reports/` (unless they name it), `__pycache__` and `node_modules`.",
        ),
        Key::required(
            "metrics",
            Takes::Map(&Takes::Any("a direction, or a table with `better` and `unit`")),
            "the numbers that it writes, curves and values of a run alike, each with the direction that is better: \
             `\"higher\"`, `\"lower\"`, or `\"none\"` if there is none. `{ better = \"higher\", unit = \"fraction\" }` \
             declares a number from 0 to 1, which the page shows in percent. A name of a built-in curve, such as \
             `test_accuracy`, means the same curve: networks and programs can then stand in one table.",
        ),
        Key::default(
            "artifacts",
            TEXTS,
            "`[]`",
            "the files that it leaves in the directory `REPORT_ARTIFACTS`, also `{artifacts}`: `predictions.npy`, \
             `plots/loss.png`",
        ),
        Key::optional(
            "probe",
            TEXTS,
            "a program that prints the versions of what is used, such as `[\"python3\", \"-VV\"]`. It runs once a build, \
             in the project, with the same variables as the program. Its standard output is in the key. If that is \
             empty, its standard error is.",
        ),
        Key::default(
            "environment",
            Takes::Map(&Takes::Any("a text")),
            "`{}`",
            "variables of its environment. Names that begin with `REPORT_` are reserved.",
        ),
        Key::default(
            "pass_environment",
            Takes::List(&NAME),
            "`[]`",
            "variables that it gets from the environment of the build. Their values are not in the key: they must not \
             change results.",
        ),
        Key::default(
            "threads",
            Takes::Integer(1, 1024),
            "1",
            "how many threads it uses. By default, the programs that run at the same time have together at most as many \
             threads as the machine has cores.",
        ),
        Key::optional(
            "timeout",
            Takes::Text,
            "how long it may take: `\"90 s\"`, `\"30 min\"`, `\"2 h\"`",
        ),
        Key::default(
            "tolerance",
            Takes::Map(&Takes::Any("a table with `absolute` or `relative`")),
            "`{}`",
            "how far the numbers of two executions may differ: `{ loss = { absolute = 0.001 }, default = { relative = \
             0.01 } }`",
        ),
        Key::default(
            "isolate",
            Takes::Boolean,
            "true",
            "whether it sees its `inputs` alone. Otherwise it runs in the project.",
        ),
    ]],
};
