//! The table `[data.split]`.

use serde::Serialize;

use super::seed::DataSeed;
use crate::dataset::Facts;
use crate::document::{FromNode, Node, Reader, Value, suggestion};
use crate::run::{Size, SplitConfig, SplitKind};
use crate::task::TargetKind;

/// The largest number of folds.
const MOST_FOLDS: usize = 1000;

/// Names of all kinds of splits.
const KINDS: [&str; 6] = ["column", "files", "folds", "ordered", "random", "stratified"];

/// A [`SplitConfig`] with the seed of each run still open.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SplitDesign {
    /// The seed of the split.
    pub seed: DataSeed,
    /// All but the seed.
    #[serde(flatten)]
    pub config: SplitConfig,
}

/// What the table says beside the split itself.
pub(super) struct SplitTable {
    pub(super) design: SplitDesign,
    pub(super) allows_duplicates: bool,
}

/// The columns that a split needs of a table.
pub(super) struct SplitColumns {
    pub(super) part: Option<String>,
    pub(super) group: Option<String>,
}

impl FromNode for Size {
    const EXPECTED: &'static str = "a count such as 200, or a share such as 0.2";

    fn from_node(node: &Node) -> Option<Self> {
        match node.value {
            Value::Integer(count) if count > 0 => usize::try_from(count).ok().map(Self::Count),
            Value::Float(share) if share > 0.0 && share < 1.0 => Some(Self::Share(share)),
            _ => None,
        }
    }
}

impl SplitDesign {
    /// The split of the run with this seed.
    pub(super) fn resolve(&self, run: u64) -> SplitConfig {
        SplitConfig { seed: self.seed.resolve(run), ..self.config.clone() }
    }
}

/// The columns that the table names. They are needed to read the data.
pub(super) fn columns(reader: &Reader<'_>) -> SplitColumns {
    SplitColumns { part: reader.optional("column"), group: reader.optional("group") }
}

/// Reads the table.
pub(super) fn read(
    targets: TargetKind,
    reader: Reader<'_>,
    columns: &SplitColumns,
    facts: Option<&Facts>,
) -> Option<SplitTable> {
    let name = reader.required::<String>("kind");
    let kind = name.as_deref().and_then(|name| kind(&reader, name));
    let is_stratified = name.as_deref() == Some("stratified");
    let [train, validation, test] =
        ["train", "validation", "test"].map(|key| reader.optional::<Size>(key));
    let folds = reader.optional_in("folds", 2..=MOST_FOLDS);
    let stratified = reader.optional::<bool>("stratified").unwrap_or(false) || is_stratified;
    let seed = reader.optional::<DataSeed>("seed");
    let duplicates = reader.optional::<String>("duplicates");
    let duplicates = duplicates.as_deref().unwrap_or("refuse");
    if !["allow", "refuse", "together"].contains(&duplicates) {
        let message = format!("must be `refuse`, `together` or `allow`, but is `{duplicates}`");
        reader.refuse("duplicates", message);
    }
    let kind = kind?;
    if stratified && targets == TargetKind::Numbers {
        let key = if is_stratified { "kind" } else { "stratified" };
        reader.refuse(key, "needs classes, but the targets are numbers");
    }
    let is_random = match kind {
        SplitKind::Random | SplitKind::Folds => true,
        SplitKind::Ordered | SplitKind::Column => false,
        SplitKind::Files => train.or(validation).or(test).is_some(),
    };
    refuse_unused(&reader, kind, is_random, columns);
    if is_random && seed.is_none() && reader.is_sound() {
        let message = "is missing; it takes an integer that is not negative, or \"run\" for a split of its own for \
                       each run";
        reader.refuse("seed", message);
    }
    if kind == SplitKind::Folds && folds.is_none() {
        reader.refuse("folds", "is missing; it takes the number of folds");
    }
    if matches!(kind, SplitKind::Random | SplitKind::Ordered) && test.is_none() && reader.is_sound()
    {
        reader.refuse("test", format!("is missing; it takes {}", Size::EXPECTED));
    }
    if kind == SplitKind::Column && columns.part.is_none() {
        reader.refuse("column", "is missing; it names the column of the parts");
    }
    if let Some(facts) = facts.filter(|_| kind == SplitKind::Files)
        && facts.pools == [0; 3]
    {
        reader.refuse("kind", "needs a file for the test part: `test_file` in `data`");
    }
    let design = SplitDesign {
        seed: seed.filter(|_| is_random).unwrap_or(DataSeed::Fixed(0)),
        config: SplitConfig {
            kind,
            train,
            validation: validation.or_else(|| given(kind, facts, 1)),
            test: test.or_else(|| given(kind, facts, 2)),
            folds: folds.unwrap_or(0),
            stratified,
            grouped: columns.group.is_some(),
            together: duplicates == "together",
            seed: 0,
        },
    };
    reader.finish();
    Some(SplitTable { design, allows_duplicates: duplicates == "allow" })
}

fn kind(reader: &Reader<'_>, name: &str) -> Option<SplitKind> {
    match name {
        "random" | "stratified" => Some(SplitKind::Random),
        "ordered" => Some(SplitKind::Ordered),
        "column" => Some(SplitKind::Column),
        "files" => Some(SplitKind::Files),
        "folds" => Some(SplitKind::Folds),
        _ => {
            let hint = suggestion(name, &KINDS);
            reader.refuse("kind", format!("names an unknown kind of split, `{name}`; {hint}"));
            None
        }
    }
}

/// The size of a part that its file or a column gives. `None` if they give none.
fn given(kind: SplitKind, facts: Option<&Facts>, part: usize) -> Option<Size> {
    let n = facts.map_or(0, |facts| facts.pools[part]);
    let is_given = matches!(kind, SplitKind::Column | SplitKind::Files) && n > 0;
    is_given.then_some(Size::Count(n))
}

/// Refuses keys that the kind of split does not use.
fn refuse_unused(reader: &Reader<'_>, kind: SplitKind, is_random: bool, columns: &SplitColumns) {
    let unused: &[&'static str] = match kind {
        SplitKind::Random => &["folds", "column"],
        SplitKind::Ordered => &["folds", "column", "stratified", "group"],
        SplitKind::Column => &["folds", "train", "validation", "test", "stratified", "group"],
        SplitKind::Files => &["folds", "column", "group"],
        SplitKind::Folds => &["column", "test"],
    };
    for key in unused.iter().copied().chain((!is_random).then_some("seed")) {
        let is_there = match key {
            "column" => columns.part.is_some(),
            "group" => columns.group.is_some(),
            key => reader.node(key).is_some(),
        };
        if is_there {
            reader.refuse(key, format!("has no use in a split of kind `{}`", kind.name()));
        }
    }
}
