//! Comparisons that have no meaning, found while a template is evaluated.

use std::collections::BTreeSet;

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};

use super::words::unknown_word;

fn refused(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

/// Makes tests of equality an error for a value that is missing, and tests of order an error for
/// values that have none, such as a number and a text.
pub fn add_tests(environment: &mut Environment<'_>) {
    type Holds = fn(&Value, &Value) -> bool;
    let orders: [([&str; 3], Holds); 4] = [
        (["lt", "lessthan", "<"], |a, b| a < b),
        (["le", "le", "<="], |a, b| a <= b),
        (["gt", "greaterthan", ">"], |a, b| a > b),
        (["ge", "ge", ">="], |a, b| a >= b),
    ];
    let equals: [([&str; 3], Holds); 2] =
        [(["eq", "equalto", "=="], |a, b| a == b), (["ne", "ne", "!="], |a, b| a != b)];
    let orders = orders.map(|(names, holds)| (names, holds, true));
    let equals = equals.map(|(names, holds)| (names, holds, false));
    for (names, holds, needs_order) in orders.into_iter().chain(equals) {
        for name in names {
            environment.add_test(name, move |value: &Value, other: &Value| {
                if [value, other].into_iter().any(Value::is_undefined) {
                    return Err(refused(format!("`{name}` compares a value that is undefined")));
                }
                if value.kind() == other.kind() || !needs_order {
                    return Ok(holds(value, other));
                }
                let message = format!(
                    "`{name}` compares `{value}` and `{other}`, which are of different types"
                );
                Err(refused(message))
            });
        }
    }
}

/// Refuses a comparison that no item can meet: of a word that its field never has, or of another
/// type.
///
/// # Errors
/// For such a comparison.
pub fn check_wanted(items: &Value, field: &str, wanted: &Value) -> Result<(), Error> {
    let refuse = |message| Err(refused(message));
    if let Some((message, hint)) = wanted.as_str().and_then(|word| unknown_word(field, word)) {
        return refuse(format!("{message}; {hint}"));
    }
    let mut kinds = BTreeSet::new();
    for item in items.try_iter()? {
        let value = field.split('.').try_fold(item, |value, part| value.get_attr(part))?;
        kinds.insert(value.kind());
    }
    let is_text = wanted.kind() == ValueKind::String;
    match kinds.contains(&wanted.kind()) || kinds.is_empty() {
        false if is_text => refuse(format!(
            "`{field}` is compared with the text `{wanted}`, but is not text: remove the quotes"
        )),
        false => refuse(format!("`{field}` is compared with `{wanted}`, which is of another type")),
        true => Ok(()),
    }
}
