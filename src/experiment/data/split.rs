//! The table `[data.split]`.

use serde::{Serialize, Serializer};
use serde_json::json;

use super::seed::DataSeed;
use crate::dataset::Facts;
use crate::document::{FromNode, Node, Reader, Value};
use crate::run::{Size, SplitConfig, SplitKind};
use crate::task::TargetKind;

/// A [`SplitConfig`] with the seed of each run still open.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitDesign {
    /// The seed of the split.
    pub seed: DataSeed,
    /// All but the seed.
    pub config: SplitConfig,
}

/// By the keys of an experiment file.
impl Serialize for SplitDesign {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let SplitConfig { train, validation, test, folds, stratified, together, .. } = self.config;
        let is_needed = !matches!(self.config.kind, SplitKind::Random) && stratified;
        let sizes = [("train", train), ("validation", validation), ("test", test)];
        let value = |size| match size {
            Size::Count(count) => json!(count),
            Size::Share(share) => json!(share),
        };
        let sizes = sizes.into_iter().filter_map(|(key, size)| Some((key, value(size?))));
        let others = [
            (true, "kind", json!(self.name())),
            (true, "seed", json!(self.seed)),
            (folds > 0, "folds", json!(folds)),
            (is_needed, "stratified", json!(true)),
            (together, "duplicates", json!("together")),
        ];
        let others = others.into_iter().filter(|(is_given, ..)| *is_given);
        serializer.collect_map(sizes.chain(others.map(|(_, key, value)| (key, value))))
    }
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
    fn from_node(node: &Node) -> Option<Self> {
        match node.value {
            Value::Integer(count) if count > 0 => usize::try_from(count).ok().map(Self::Count),
            Value::Float(share) if share > 0.0 && share < 1.0 => Some(Self::Share(share)),
            _ => None,
        }
    }
}

impl SplitDesign {
    /// The kind in experiment files.
    pub(super) fn name(&self) -> &'static str {
        match self.config.kind {
            SplitKind::Random if self.config.stratified => "stratified",
            kind => kind.name(),
        }
    }

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
    reader: &Reader<'_>,
    columns: &SplitColumns,
    has_columns: bool,
    facts: Option<&Facts>,
) -> Option<SplitTable> {
    let name = reader.kind();
    let kind = name.and_then(kind);
    let is_stratified = name == Some("stratified");
    let [train, validation, test] =
        ["train", "validation", "test"].map(|key| reader.optional::<Size>(key));
    let folds = reader.optional("folds");
    let stratified = reader.optional::<bool>("stratified").unwrap_or(false) || is_stratified;
    let seed = reader.optional::<DataSeed>("seed");
    let duplicates = reader.optional::<String>("duplicates");
    let duplicates = duplicates.as_deref().unwrap_or("refuse");
    let (kind, name) = (kind?, name?);
    if stratified && targets == TargetKind::Numbers {
        let key = if is_stratified { "kind" } else { "stratified" };
        reader.refuse(key, "needs classes, but the targets are numbers");
    }
    let is_random = match kind {
        SplitKind::Random | SplitKind::Folds => true,
        SplitKind::Ordered | SplitKind::Column => false,
        SplitKind::Files => train.or(validation).or(test).is_some(),
    };
    if kind == SplitKind::Files && !is_random {
        // Whole files leave nothing to chance.
        for key in ["seed", "stratified"] {
            if reader.node(key).is_some() {
                reader.refuse(key, "has no use with whole files; `train`, `validation` or `test` takes a part of them");
            }
        }
    }
    for (key, column) in [("group", &columns.group), ("column", &columns.part)] {
        if column.is_some() && !has_columns {
            reader.refuse(key, "names a column, but these data are images without columns");
        }
    }
    let is_one_pool = matches!(kind, SplitKind::Random | SplitKind::Folds);
    if duplicates == "together" && !is_one_pool {
        let message = format!(
            "has no use as `together` in a split of kind `{name}`, which says where each example is"
        );
        reader.refuse("duplicates", message);
    }
    if is_random && seed.is_none() && reader.is_sound() {
        reader.refuse_missing("seed");
    }
    if matches!(kind, SplitKind::Random | SplitKind::Ordered) && test.is_none() && reader.is_sound()
    {
        reader.refuse_missing("test");
    }
    if let Some(facts) = facts.filter(|_| kind == SplitKind::Files)
        && facts.pools == [0; 3]
    {
        reader.refuse("kind", "needs a file for the test part: `test_file` in `data`");
    }
    let pools = facts.filter(|_| kind == SplitKind::Files).map(|facts| facts.pools);
    let [train, validation, test] = match pools {
        Some(pools) => sizes_of_files([train, validation, test], pools),
        None => [train, validation, test],
    };
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
    Some(SplitTable { design, allows_duplicates: duplicates == "allow" })
}

fn kind(name: &str) -> Option<SplitKind> {
    match name {
        "random" | "stratified" => Some(SplitKind::Random),
        "ordered" => Some(SplitKind::Ordered),
        "column" => Some(SplitKind::Column),
        "files" => Some(SplitKind::Files),
        "folds" => Some(SplitKind::Folds),
        _ => None,
    }
}

/// The sizes of the parts of files, as counts if one is given. Shares are those of the own file. A validation part
/// without a file is taken from the file of the training part.
fn sizes_of_files(sizes: [Option<Size>; 3], pools: [usize; 3]) -> [Option<Size>; 3] {
    let [train, validation, test] = sizes;
    if sizes == [None; 3] {
        return sizes;
    }
    let [train_pool, own_pool, test_pool] = pools;
    let validation_pool = if own_pool > 0 { own_pool } else { train_pool };
    let validation = validation.map(|size| size.of(validation_pool));
    let taken = validation.filter(|_| own_pool == 0).unwrap_or(0);
    let rest = train_pool.saturating_sub(taken);
    let train = train.map_or(rest, |size| size.of(train_pool));
    let test = test.map(|size| size.of(test_pool));
    [Some(train).filter(|n| *n > 0), validation, test].map(|n| n.map(Size::Count))
}

/// The size of a part that its file or a column gives. `None` if they give none.
fn given(kind: SplitKind, facts: Option<&Facts>, part: usize) -> Option<Size> {
    let n = facts.map_or(0, |facts| facts.pools[part]);
    let is_given = matches!(kind, SplitKind::Column | SplitKind::Files) && n > 0;
    is_given.then_some(Size::Count(n))
}
