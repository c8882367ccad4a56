//! The fields of the objects that commands print with `--json`: the table of docs/json.md.

/// A field by its path, and what it is.
type Field = (&'static str, &'static str);

/// The fields of each command. A field of an object in a list has the path of the list before it.
const FIELDS: &[(&str, &[Field])] = &[
    (
        "status",
        &[
            ("experiments", "list of the experiments"),
            ("experiments.name", "name"),
            ("experiments.conditions", "number of conditions"),
            ("experiments.seeds", "number of seeds"),
            ("experiments.fresh", "number of runs with a record"),
            ("experiments.accepted", "number of fresh runs with an accepted result"),
            ("experiments.failed", "number of runs whose last training failed"),
            ("experiments.stale", "number of other runs without a record"),
            (
                "groups",
                "list: why runs have no record. Runs of one experiment with one reason are a group.",
            ),
            ("groups.experiment", "name"),
            ("groups.reason", "a [reason](#reasons)"),
            (
                "groups.compared",
                "the record that the first run is compared with: `digest`, `seed`, `started_at`, and `own`, which is true \
                 if it has the condition and seed of the first run; or null",
            ),
            ("groups.runs", "digests of the runs"),
            ("groups.seeds", "seeds of the runs"),
            ("groups.conditions", "number of conditions of the runs"),
            ("groups.seconds", "expected duration on one worker"),
            ("to_train", "digests of the runs that a build trains"),
            ("seconds", "expected duration of the training on these `workers`"),
            ("workers", "number of runs in parallel"),
            (
                "needs_confirmation",
                "whether a build asks before it trains, because a new version of `report` computes differently",
            ),
        ],
    ),
    (
        "check",
        &[
            ("mistakes", "list; empty if there are none"),
            ("mistakes.file", "path from the directory of the project"),
            ("mistakes.line", "line of the first character of the text at fault, counted from 1"),
            ("mistakes.column", "column of this character, counted from 1"),
            ("mistakes.end_line", "line after the last character"),
            ("mistakes.end_column", "column after the last character"),
            ("mistakes.key", "dotted path of the key in a TOML file, or empty"),
            ("mistakes.message", "what is wrong, and what to do"),
            (
                "mistakes.also",
                "list of related places, such as the file that extends this one: `file`, `line`, \
                 `column`, `end_line`, `end_column` and `note`",
            ),
            ("warnings", "list of sentences about what may be wrong"),
            ("error", "another reason why the project cannot be checked, or null"),
        ],
    ),
    (
        "explain",
        &[
            ("runs", "list of the runs"),
            ("runs.name", "experiment, levels and seed in words"),
            ("runs.digest", "digest of the run"),
            ("runs.seed", "its seed"),
            (
                "runs.state",
                "`fresh`, `accepted`, `failed`, `damaged`, `quarantined`, `stale` or `missing`",
            ),
            ("runs.reason", "a [reason](#reasons); null for a run with a record"),
            ("runs.compared", "as `groups.compared` of `status`; null for a run with a record"),
            (
                "runs.provenance",
                "of its record: `version`, `platform`, `started_at`, `seconds`, `origin` (`machine`, `revision`, \
                 `lockfile`) and `condition`; or null",
            ),
            (
                "runs.accepted",
                "`from` (a digest), `why`, `differences` and `accepted_at`; null for trained results",
            ),
            ("runs.config", "the configuration"),
            (
                "runs.history",
                "list of older records of the same condition and seed: `record`, `started_at` and `differences`",
            ),
        ],
    ),
    (
        "diff",
        &[
            ("summary", "the changes in one sentence"),
            ("changes", "what changed"),
            ("changes.title", "old and new title; null if equal"),
            ("changes.cells", "list of the cells whose text changed"),
            ("changes.cells.table", "the table, with the metric of the protocol if it has several"),
            ("changes.cells.row", "the row, in words"),
            ("changes.cells.column", "the head of the column"),
            ("changes.cells.old", "the old text"),
            ("changes.cells.new", "the new text"),
            (
                "changes.cells.beyond_noise",
                "whether the means differ by more than the noise of the seeds; null unless the cell is a mean or an effect",
            ),
            (
                "changes.cells.unit",
                "the unit; empty without one, and null for counts, shares and p values",
            ),
            (
                "changes.cells.better",
                "`higher` or `lower`; null unless the cell is a mean or an effect of scores with a direction",
            ),
            ("changes.claims", "list of name, old verdict and new verdict"),
            ("changes.added", "new rows, columns and claims, in words"),
            ("changes.removed", "rows, columns and claims that are gone, in words"),
        ],
    ),
    (
        "accept",
        &[
            ("accepted", "list of runs that use an older result now"),
            ("accepted.run", "digest of the run"),
            ("accepted.from", "digest of the record whose result it uses"),
            ("refused", "digests of the runs for which no older result was accepted"),
            ("undone", "digests of the runs that are no longer accepted"),
        ],
    ),
    (
        "verify",
        &[
            ("records", "number of records"),
            ("damaged", "list of `record` and `damage`"),
            (
                "unreadable",
                "records that the system does not let `report` read: list of `record` and `why`. Then nothing is trained \
                 again.",
            ),
            (
                "faulty_artifacts",
                "records with an artefact of a program that is missing or damaged: list of `record` and `why`",
            ),
            ("reruns", "list of the runs that were trained again"),
            ("reruns.run", "digest of the run"),
            ("reruns.identical", "whether the result is the same, bit by bit"),
            ("reruns.agrees", "whether it is identical or within tolerance"),
            (
                "reruns.deviation",
                "`metric`, `absolute` and `relative` of the largest difference, or null. `relative` is null if the recorded \
                 value is 0.",
            ),
            ("reruns.other_artifacts", "names of artefacts with other bytes"),
        ],
    ),
    (
        "merge",
        &[
            ("new", "digests of the copied records"),
            ("same", "number of records that were here already, with the same result"),
            ("refused", "list of files that were not copied: `file` and `why`"),
            ("failed", "number of copied notes on failed runs"),
            ("missing", "number of runs of this project without a record"),
        ],
    ),
    (
        "bundle export",
        &[
            ("file", "path of the bundle"),
            ("sha256", "its SHA-256"),
            ("bytes", "its size"),
            ("records", "number of records in it"),
            ("files", "number of other files in it"),
        ],
    ),
    (
        "bundle import",
        &[
            ("new", "number of files that were written, with the records"),
            ("same", "number of files that were there already"),
            ("records", "number of records in the bundle"),
            (
                "left_out",
                "files of the report that differ from the report of the records, and were not written",
            ),
            ("accepted", "number of runs whose result was accepted by hand"),
            ("missing", "number of runs of the project without a record"),
        ],
    ),
    (
        "store status",
        &[
            ("store", "address"),
            ("there", "number of records in the store"),
            ("here", "number of runs with a trained record here; accepted results do not count"),
            ("to_push", "number of these records that the store lacks"),
            ("to_pull", "number of missing records that the store has"),
        ],
    ),
    (
        "store push",
        &[
            ("new", "number of records that are new in the store"),
            ("same", "number of records that it had already"),
        ],
    ),
    (
        "store pull",
        &[
            ("new", "number of records that came"),
            ("missing", "number of runs that have no record yet"),
            ("damaged", "list of records that are not sound: `file`, where it is kept, and `why`"),
        ],
    ),
    (
        "jobs",
        &[
            ("plans", "list of plans"),
            ("plans.plan", "name"),
            ("plans.created_at", "date"),
            ("plans.attempt", "how many times its runs were submitted before"),
            ("plans.jobs", "numbers of its jobs in the scheduler"),
            ("plans.tasks", "number of its tasks"),
            ("plans.running", "number of its tasks that work"),
            ("plans.pending", "number of its tasks that wait"),
            ("plans.runs", "number of its runs"),
            ("plans.recorded", "number of its runs with a record"),
            ("plans.unknown", "why the scheduler did not say what the tasks do, or null"),
        ],
    ),
    (
        "predict",
        &[
            ("run", "digest of the run"),
            ("folds", "number of its folds; 1 without folds"),
            ("classes", "names of the classes of a classification; empty for other tasks"),
            (
                "predictions",
                "list with an entry for each example: the probabilities of the classes; or the number, or the probability \
                 of a pair",
            ),
        ],
    ),
    (
        "cache ls",
        &[
            ("records", "list of the records"),
            ("records.record", "digest"),
            ("records.condition", "the level of each factor"),
            ("records.started_at", "date"),
            ("records.seconds", "duration of the training"),
            ("records.needed", "whether the experiments or a report need it"),
        ],
    ),
    (
        "cache gc",
        &[
            ("unused", "digests of the records that are not needed"),
            ("models", "digests of the runs that are not needed and have models"),
            (
                "files",
                "paths of inputs, artefacts and logs of programs that belong to no needed run",
            ),
            ("bytes", "their size in bytes"),
            ("removed", "whether they were removed"),
        ],
    ),
];

/// The fields of the object that a command prints, by their paths. Empty for a command without `--json`.
pub fn json_fields(command: &str) -> impl Iterator<Item = &'static str> {
    fields(command).iter().map(|(path, _)| *path)
}

/// The same fields as a table of Markdown.
#[must_use]
pub fn json_reference(command: &str) -> Option<String> {
    let rows = fields(command).iter().map(|(path, about)| format!("| `{path}` | {about} |\n"));
    let rows: String = rows.collect();
    (!rows.is_empty()).then(|| format!("| field | content |\n|---|---|\n{rows}"))
}

fn fields(command: &str) -> &'static [Field] {
    FIELDS.iter().find(|(own, _)| *own == command).map_or(&[], |(_, fields)| fields)
}
