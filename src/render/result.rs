//! A value of the results in a prose template: shown with its source, and not compared.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};

use super::arguments::invalid;

/// What `cell(…)` and its like give: as a text it is its mark.
#[derive(Debug)]
pub(super) struct ResultValue {
    pub(super) mark: String,
    /// The number, if it is one; not rounded.
    pub(super) value: Option<f64>,
}

impl Object for ResultValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            // A missing number is undefined: it has no order, and arithmetic with it has no value.
            Some("value") => self.value.map(Value::from),
            _ => Some(Value::from(invalid(format!("a result has no `{key}`; it has `value`")))),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mark)
    }
}

/// Whether a value is one of the results.
pub(super) fn is_result(value: &Value) -> bool {
    value.downcast_object_ref::<ResultValue>().is_some()
}
