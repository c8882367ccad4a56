//! Curves that programs of the user declare.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::registry::all_curves;
use crate::run::{Curve, Direction, Moment, Unit};

/// What tells declared curves apart.
type Key = (String, bool, Option<bool>);

/// All that were declared. A curve lives as long as the process, like those of tasks, so that all code can name it
/// alike. There are as many as metrics in experiment files.
static DECLARED: Mutex<BTreeMap<Key, &'static Curve>> = Mutex::new(BTreeMap::new());

/// The curve of this name. A curve of a task with the same name is the same curve, so that a program can be compared
/// with a network.
///
/// # Errors
/// If a task has a curve of this name with other values: a phrase that follows the key.
pub fn declared(
    name: &str,
    unit: Unit,
    better: Option<Direction>,
) -> Result<&'static Curve, String> {
    if let Some(known) = all_curves().into_iter().find(|curve| curve.name == name) {
        return match known.unit == unit && known.better == better {
            true => Ok(known),
            false => Err(format!(
                "has the name of a curve of networks with another unit or direction; that curve is {}",
                described(known)
            )),
        };
    }
    let key =
        (name.to_owned(), unit == Unit::Fraction, better.map(|better| better == Direction::Higher));
    let mut all = DECLARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let curve = all.entry(key).or_insert_with(|| {
        let [own, quantity] = [name.to_owned(), name.replace('_', " ")];
        Box::leak(Box::new(Curve {
            name: own.leak(),
            quantity: quantity.leak(),
            unit,
            better,
            moment: Moment::After,
            needs_held_out: false,
        }))
    });
    Ok(curve)
}

/// How a curve is declared.
fn described(curve: &Curve) -> String {
    let better = match curve.better {
        Some(Direction::Higher) => "higher",
        Some(Direction::Lower) => "lower",
        None => "none",
    };
    match curve.unit {
        Unit::Fraction => format!("`{{ better = \"{better}\", unit = \"fraction\" }}`"),
        Unit::Number => format!("`\"{better}\"`"),
    }
}
