//! What a program writes: one JSON object on each line. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::run::{Curves, Outcome};

/// The key of the place of a point in a curve.
const STEP: &str = "step";

/// The key of the share of the work that is done.
const PROGRESS: &str = "progress";

/// The numbers of one name.
#[derive(Default)]
struct Numbers {
    values: Vec<f64>,
    /// The step of the last value. `None` for a single value.
    step: Option<u64>,
}

/// The outcome and the numbers that the lines say. With a step, a number is a point of a curve. Without one, it is the
/// value of the run.
///
/// # Errors
/// With what is wrong, as a phrase that follows `but`.
pub(super) fn read(
    text: &str,
    metrics: &[String],
    fractions: &BTreeSet<String>,
) -> Result<(Outcome, Curves), String> {
    let mut all: BTreeMap<&str, Numbers> = BTreeMap::new();
    let mut diverged: Option<usize> = None;
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let faulty = |what: String| format!("line {} of its results {what}", index + 1);
        let object = object(line).map_err(faulty)?;
        let step = match object.get(STEP) {
            None => None,
            Some(step) => Some(step.as_u64().ok_or_else(|| {
                faulty("has a `step` that is no whole number from 1 on".to_owned())
            })?),
        };
        for (name, value) in &object {
            if name == STEP || name == PROGRESS {
                continue;
            }
            let metric = metrics.iter().find(|metric| *metric == name).ok_or_else(|| {
                let hint = crate::document::suggestion(
                    name,
                    &metrics.iter().map(String::as_str).collect::<Vec<_>>(),
                );
                faulty(format!("has `{name}`, which `metrics` does not declare; {hint}"))
            })?;
            let number = number(value)
                .ok_or_else(|| faulty(format!("has `{name}`, which is no number: {value}")))?;
            let own = all.entry(metric).or_default();
            own.check(step).map_err(|what| faulty(format!("has `{name}` {what}")))?;
            if fractions.contains(name) && number.is_finite() && !(0.0..=1.0).contains(&number) {
                return Err(faulty(format!(
                    "has `{name}` = {number}, but its unit is a fraction: a number from 0 to 1"
                )));
            }
            if !number.is_finite() {
                diverged =
                    Some(diverged.map_or(own.values.len(), |first| first.min(own.values.len())));
            }
            own.values.push(number);
            own.step = step;
        }
    }
    let missing = metrics.iter().find(|metric| !all.contains_key(metric.as_str()));
    if let Some(metric) = missing {
        return Err(format!("it did not write `{metric}`"));
    }
    let mut lengths = all.iter().filter(|(_, own)| own.step.is_some());
    if let Some((first, one)) = lengths.next()
        && let Some((other, two)) = lengths.find(|(_, own)| own.values.len() != one.values.len())
    {
        let (n, m) = (one.values.len(), two.values.len());
        return Err(format!(
            "it wrote {n} points of `{first}` and {m} of `{other}`: the curves of a run have the same steps"
        ));
    }
    let mut curves = Curves::default();
    for (name, Numbers { values, .. }) in all {
        // Nothing is known from the first number that is not finite on.
        let finite = values.into_iter().take_while(|value| value.is_finite());
        curves.set_named(name, finite.collect());
    }
    let outcome = diverged.map_or(Outcome::Completed, |epoch| Outcome::Diverged { epoch, step: 0 });
    Ok((outcome, curves))
}

impl Numbers {
    /// Refuses a second value of a run, and steps that do not go up by one.
    fn check(&self, step: Option<u64>) -> Result<(), String> {
        match (self.values.is_empty(), self.step, step) {
            (true, _, None | Some(1)) => Ok(()),
            (true, _, Some(first)) => {
                Err(format!("at step {first}; the steps of a curve begin with 1 and go up by 1"))
            }
            (false, Some(last), Some(step)) if step == last + 1 => Ok(()),
            (false, Some(last), Some(step)) => {
                Err(format!("at step {step} after step {last}; the steps of a curve go up by 1"))
            }
            (false, ..) => Err("twice; a curve has a `step` on each line".to_owned()),
        }
    }
}

/// The object on a line.
fn object(line: &str) -> Result<Map<String, Value>, String> {
    // Some languages write words for numbers, which are not JSON.
    match serde_json::from_str::<Unique>(&quoted(line)) {
        Ok(Unique(object)) => Ok(object),
        Err(error) if error.is_data() && !error.to_string().starts_with(TWICE) => {
            Err("is no JSON object, such as {\"accuracy\": 0.9}".to_owned())
        }
        Err(error) => Err(format!("is no JSON object: {error}")),
    }
}

/// An object without two entries of one name: of these, JSON does not say which one counts.
struct Unique(Map<String, Value>);

/// The first words of the error for two entries of one name.
const TWICE: &str = "it has two";

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unique, A::Error> {
        let mut object = Map::new();
        while let Some((name, value)) = entries.next_entry::<String, Value>()? {
            if object.insert(name.clone(), value).is_some() {
                return Err(A::Error::custom(format!("{TWICE} entries `{name}`")));
            }
        }
        Ok(Unique(object))
    }
}

/// The words for numbers that are not finite, in lower case. C, Python, R and Julia write them.
const WORDS: [&str; 9] =
    ["-infinity", "infinity", "-inf", "+inf", "inf", "-nan", "+nan", "nan", "na"];

/// The line with these words in quotes where they are values.
fn quoted(line: &str) -> String {
    let (mut text, mut rest, mut is_in_text) = (String::with_capacity(line.len()), line, false);
    while let Some(first) = rest.chars().next() {
        let is_at = |word: &&str| {
            rest.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word))
        };
        let word = WORDS.iter().find(|word| is_at(word)).filter(|_| !is_in_text);
        match word {
            Some(word) => {
                text.extend(["\"", word, "\""]);
                rest = &rest[word.len()..];
            }
            None => {
                // An escaped character cannot end a text.
                let n = if is_in_text && first == '\\' { 2 } else { 1 };
                is_in_text ^= first == '"';
                let end = rest.char_indices().nth(n).map_or(rest.len(), |(end, _)| end);
                text.push_str(&rest[..end]);
                rest = &rest[end..];
            }
        }
    }
    text
}

/// The number that a value stands for. `null` is no number.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Null => Some(f64::NAN),
        Value::String(word) => match word.to_ascii_lowercase().as_str() {
            "nan" | "-nan" | "+nan" | "na" => Some(f64::NAN),
            "inf" | "+inf" | "infinity" => Some(f64::INFINITY),
            "-inf" | "-infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of each name.
    type Named = Vec<(String, Vec<f64>)>;

    fn of(text: &str) -> Result<(Outcome, Named), String> {
        let metrics = ["accuracy", "loss"].map(str::to_owned);
        let fractions = BTreeSet::from(["accuracy".to_owned()]);
        let (outcome, curves) = read(text, &metrics, &fractions)?;
        Ok((
            outcome,
            curves.iter().map(|(name, values)| (name.to_owned(), values.to_vec())).collect(),
        ))
    }

    #[test]
    fn lines_with_steps_are_curves_and_lines_without_are_values() {
        let text = "{\"step\": 1, \"loss\": 2}\n{\"progress\": 0.5}\n\n{\"step\": 2, \"loss\": 1.5}\n{\"accuracy\": 0.75}\n";
        let expected =
            vec![("accuracy".to_owned(), vec![0.75]), ("loss".to_owned(), vec![2.0, 1.5])];
        assert_eq!(of(text), Ok((Outcome::Completed, expected)));
    }

    #[test]
    fn a_number_that_is_not_finite_ends_its_curve_in_every_spelling() {
        for word in [
            "NaN",
            "null",
            "\"nan\"",
            "\"inf\"",
            "-Infinity",
            "\"-inf\"",
            "Infinity",
            "nan",
            "-nan",
            "inf",
            "-inf",
            "+inf",
            "NA",
            "Inf",
            "-Inf",
        ] {
            let text = format!(
                "{{\"step\": 1, \"loss\": 2}}\n{{\"step\": 2, \"loss\": {word}}}\n{{\"accuracy\": 0.5}}\n"
            );
            let (outcome, curves) = of(&text).unwrap();
            assert_eq!(outcome, Outcome::Diverged { epoch: 1, step: 0 }, "{word}");
            assert_eq!(curves[1].1, [2.0], "{word}");
        }
        assert!(
            of("{\"loss\": 1, \"accuracy\": \"NaN\\\"\"}").unwrap_err().contains("is no number")
        );
    }

    #[test]
    fn what_is_no_result_is_refused_with_its_line() {
        for (text, expected) in [
            ("{\"loss\": 1}\n", "it did not write `accuracy`"),
            (
                "{\"loss\": 1, \"acuracy\": 1}\n",
                "line 1 of its results has `acuracy`, which `metrics` does not declare; did you mean `accuracy`?",
            ),
            ("{\"loss\": 1}\n{\"loss\": 2}\n", "line 2 of its results has `loss` twice"),
            ("{\"step\": 2, \"loss\": 1}\n", "begin with 1 and go up by 1"),
            ("{\"step\": 0, \"loss\": 1}\n", "begin with 1 and go up by 1"),
            ("{\"accuracy\": 93}\n", "has `accuracy` = 93, but its unit is a fraction"),
            (
                "{\"step\": 1, \"loss\": 1, \"accuracy\": 1}\n{\"step\": 2, \"loss\": 1}\n",
                "it wrote 1 points of `accuracy` and 2 of `loss`",
            ),
            (
                "{\"step\": 1, \"loss\": 1}\n{\"step\": 1, \"loss\": 1}\n",
                "line 2 of its results has `loss` at step 1 after step 1",
            ),
            ("{\"step\": 1, \"loss\": 1}\n{\"step\": 3, \"loss\": 1}\n", "at step 3 after step 1"),
            ("{\"step\": -1, \"loss\": 1}\n", "a `step` that is no whole number"),
            ("{\"loss\": 1, \"loss\": 2}\n", "is no JSON object: it has two entries `loss`"),
            ("{\"loss\": [1]}\n", "has `loss`, which is no number: [1]"),
            ("{\"loss\": true}\n", "which is no number: true"),
            ("[1]\n", "line 1 of its results is no JSON object, such as"),
            ("{\"loss\": 1", "line 1 of its results is no JSON object: "),
            ("loss 1\n", "is no JSON object"),
        ] {
            let error = of(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
