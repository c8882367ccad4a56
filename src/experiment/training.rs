//! The table `[train]`.

use super::data::DataDesign;
use super::{optimizer, schedule};
use crate::dataset;
use crate::document::{Reader, Value, suggestion};
use crate::run::{
    DataConfig, EarlyStopping, Loss, ModelConfig, Shape, TaskKind, TrainConfig, largest_output,
};
use crate::task::{self, TargetKind, Task};

/// The largest number of outputs of one layer for a batch: 1 GiB.
const MOST_VALUES: usize = 1 << 28;

/// Reads the table for a task.
pub(super) fn read(
    task: TaskKind,
    reader: &Reader<'_>,
    data: Option<&DataDesign>,
    model: Option<&ModelConfig>,
) -> Option<TrainConfig> {
    let kind = task;
    let task = task::of(kind);
    let is_pairs = task.targets() == TargetKind::Pairs;
    let auxiliary_loss = if is_pairs { reader.required::<bool>("auxiliary_loss") } else { None };
    let epochs = reader.required("epochs");
    let batch_size = reader.required("batch_size");
    let shuffle = reader.optional::<bool>("shuffle").unwrap_or(!is_pairs);
    let loss = if is_pairs { None } else { read_loss(kind, reader, data, model) };
    let optimizer = reader.table("optimizer").and_then(|table| optimizer::read(&table));
    let schedule = match reader.node("schedule") {
        Some(_) => reader.table("schedule").and_then(|table| schedule::read(&table, epochs)),
        None => Some(crate::run::Schedule::default()),
    };
    let clip_norm = reader.optional("clip_norm");
    let early_stopping = reader.node("early_stopping").map(|_| {
        let table = reader.table("early_stopping")?;
        read_early_stopping(task, &table, data)
    });
    if let (Some(batch_size), Some(data)) = (batch_size, data) {
        check_batch_size(reader, batch_size, &data.resolve(0), model);
    }
    if is_pairs && auxiliary_loss.is_none() || !is_pairs && loss.is_none() {
        return None;
    }
    Some(TrainConfig {
        auxiliary_loss,
        loss,
        epochs: epochs?,
        batch_size: batch_size?,
        shuffle,
        optimizer: optimizer?,
        schedule: schedule?,
        clip_norm,
        early_stopping: match early_stopping {
            Some(stopping) => Some(stopping?),
            None => None,
        },
    })
}

fn check_batch_size(
    reader: &Reader<'_>,
    batch_size: usize,
    data: &DataConfig,
    model: Option<&ModelConfig>,
) {
    let parts = model.and_then(|model| model.parts(data.input()).ok()).unwrap_or_default();
    let largest = parts.iter().filter_map(|part| largest_output(part.layers, part.input).ok());
    let largest = largest.max().unwrap_or(0);
    if batch_size.saturating_mul(largest) > MOST_VALUES {
        let message = format!("of {batch_size} is too large for a layer with {largest} outputs");
        reader.refuse("batch_size", message);
    } else if let (DataConfig::Pairs(data), Some(model)) = (data, model)
        && let Some(fault) =
            dataset::batch_fault(batch_size, data.train_pairs, model.normalizes_batch())
    {
        // The parts of a split are known when the data are split.
        reader.refuse("batch_size", fault);
    }
}

/// `loss = "huber"`, or `loss = { kind = "huber", delta = 2.0 }`.
fn read_loss(
    task: TaskKind,
    reader: &Reader<'_>,
    data: Option<&DataDesign>,
    model: Option<&ModelConfig>,
) -> Option<Loss> {
    let names = task::of(task).losses();
    let table = match reader.node("loss").map(|node| &node.value) {
        Some(Value::Table(_)) => Some(reader.table("loss")?),
        _ => None,
    };
    let (name, key) = match &table {
        Some(table) => (table.required::<String>("kind")?, table.path_of("kind")),
        None if reader.node("loss").is_some() => {
            (reader.required::<String>("loss")?, reader.path_of("loss"))
        }
        None => (names[0].to_owned(), reader.path_of("loss")),
    };
    let location = reader.node("loss").map_or(reader.location(), |node| &node.location);
    let refuse = |message: String| reader.violations().push(location, key.clone(), message);
    let classes = data.map(|data| data.found().facts.classes.len());
    let loss = match name.as_str() {
        "cross_entropy" => {
            let smoothing = table.as_ref().and_then(|table| table.optional("label_smoothing"));
            let weights =
                table.as_ref().and_then(|table| table.optional::<Vec<f64>>("class_weights"));
            let weights = weights.unwrap_or_default();
            if let Some(table) = &table {
                check_weights(table, &weights, data);
            }
            Loss::CrossEntropy {
                label_smoothing: smoothing.unwrap_or(0.0) + 0.0,
                class_weights: weights,
            }
        }
        "binary_cross_entropy" => Loss::BinaryCrossEntropy,
        "mae" => Loss::Mae,
        "huber" => {
            let delta = table.as_ref().and_then(|table| table.optional("delta"));
            Loss::Huber { delta: delta.unwrap_or(1.0) }
        }
        _ => Loss::Mse,
    };
    let outputs = data.zip(model).and_then(|(data, model)| match model {
        ModelConfig::Single(model) => crate::run::output_of(&model.layers, data.input()).ok(),
        ModelConfig::Pair(_) => None,
    });
    let is_binary = loss == Loss::BinaryCrossEntropy;
    match outputs.map(Shape::len) {
        Some(1) if matches!(loss, Loss::CrossEntropy { .. }) => refuse(
            "`cross_entropy` needs an output for each class, but the network has one output; \
             `binary_cross_entropy` takes one"
                .to_owned(),
        ),
        Some(n) if is_binary && n != 1 => {
            refuse(format!("`binary_cross_entropy` takes one output, but the network has {n}"));
        }
        _ if is_binary && classes.is_some_and(|classes| classes != 2) => {
            refuse("`binary_cross_entropy` is for two classes".to_owned());
        }
        _ => {}
    }
    Some(loss)
}

fn check_weights(table: &Reader<'_>, weights: &[f64], data: Option<&DataDesign>) {
    let classes = data.map(|data| &data.found().facts.classes);
    if let Some(classes) =
        classes.filter(|classes| !weights.is_empty() && classes.len() != weights.len())
    {
        let message = format!(
            "has {} weights for {} classes, which are in this order: {}",
            weights.len(),
            classes.len(),
            classes.join(", ")
        );
        table.refuse("class_weights", message);
    }
}

fn read_early_stopping(
    task: &dyn Task,
    reader: &Reader<'_>,
    data: Option<&DataDesign>,
) -> Option<EarlyStopping> {
    let curves = task.curves().iter().filter(|curve| curve.needs_held_out);
    let names: Vec<_> = curves.map(|curve| curve.name).collect();
    let monitor = reader.required::<String>("monitor").filter(|name| {
        let is_known = names.contains(&name.as_str());
        if !is_known {
            let hint = suggestion(name, &names);
            let message = format!("names no curve of the validation part, `{name}`; {hint}");
            reader.refuse("monitor", message);
        }
        is_known
    });
    let patience = reader.required("patience");
    let min_delta = reader.optional("min_delta").unwrap_or(0.0) + 0.0;
    let restore_best = reader.optional::<bool>("restore_best").unwrap_or(false);
    let data = data.map(|data| data.resolve(0));
    if let Some(data) = data.filter(|data| !data.has_validation()) {
        let key = data.validation_key();
        let message = format!("needs a validation part; `{key}` gives it a size");
        reader.violations().push(reader.location(), "train.early_stopping", message);
    }
    Some(EarlyStopping { monitor: monitor?, patience: patience?, min_delta, restore_best })
}
