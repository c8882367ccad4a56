//! Lists of conditions for templates. A condition becomes a value when a template reads it, because a
//! report may have ten thousand.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};

use super::strict;
use crate::context::Context;

/// Some of the conditions of a report.
#[derive(Debug)]
pub(super) struct ConditionList {
    context: Arc<Context>,
    /// Their places among all conditions.
    places: Vec<usize>,
    /// The name of the list, for errors.
    name: &'static str,
}

impl ConditionList {
    pub(super) fn value(context: &Arc<Context>, places: Vec<usize>, name: &'static str) -> Value {
        Value::from_object(Self { context: Arc::clone(context), places, name })
    }
}

impl Object for ConditionList {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let index = key.as_usize()?;
        let condition = &self.context.conditions[*self.places.get(index)?];
        let fields = serde_json::to_value(condition).expect("plain values");
        Some(strict::value(&fields, &format!("{}[{index}]", self.name)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.places.len())
    }
}
