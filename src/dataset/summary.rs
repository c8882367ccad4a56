//! What a run gets of its data, counted: sizes of parts, examples of each class, range of targets.

use super::draw::draw;
use super::error::DrawError;
use super::examples::{Examples, Split, Targets};
use crate::run::DataConfig;

/// The parts of a run, counted.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitSummary {
    /// Numbers of examples in the training, the validation and the test part: once, or for each fold.
    pub sizes: Vec<[usize; 3]>,
    /// What the targets of the parts are. With folds, those of the first fold.
    pub targets: TargetSummary,
}

/// The targets of the training, the validation and the test part, counted.
#[derive(Clone, Debug, PartialEq)]
pub enum TargetSummary {
    /// The number of examples of each class, in the order of the classes of the data.
    Classes(Vec<[usize; 3]>),
    /// The number of pairs whose target is 1: the class of the first image is less than or equal to that of the second.
    Pairs([usize; 3]),
    /// Mean, smallest and largest target, in the unit of the data. `None` for a part without examples.
    Numbers([Option<[f64; 3]>; 3]),
}

/// Draws the parts of a run as its training does, and counts them.
///
/// # Errors
/// If the data cannot be split as `config` says.
pub fn summary(config: &DataConfig, examples: &Examples) -> Result<SplitSummary, DrawError> {
    let splits = draw(config, examples)?;
    let sizes = splits.iter().map(|split| parts(split, Targets::len)).collect();
    let first = splits.first().ok_or(DrawError::Empty { part: "training" })?;
    let targets = match &first.train.targets {
        Targets::Classes(_) => {
            let of_parts = parts(first, |targets| n_of_classes(targets, examples.classes.len()));
            let of_class = |class: usize| of_parts.each_ref().map(|counts| counts[class]);
            TargetSummary::Classes((0..examples.classes.len()).map(of_class).collect())
        }
        Targets::Pairs(_) => TargetSummary::Pairs(parts(first, n_in_order)),
        Targets::Numbers(_) => TargetSummary::Numbers(parts(first, range)),
    };
    Ok(SplitSummary { sizes, targets })
}

/// A number of each part of a split.
fn parts<T>(split: &Split, of: impl Fn(&Targets) -> T) -> [T; 3] {
    [&split.train, &split.validation, &split.test].map(|rows| of(&rows.targets))
}

fn n_of_classes(targets: &Targets, n_classes: usize) -> Vec<usize> {
    let mut counts = vec![0; n_classes];
    if let Targets::Classes(classes) = targets {
        for class in classes {
            counts[*class as usize] += 1;
        }
    }
    counts
}

fn n_in_order(targets: &Targets) -> usize {
    match targets {
        Targets::Pairs([first, second]) => first.iter().zip(second).filter(|(a, b)| a <= b).count(),
        Targets::Classes(_) | Targets::Numbers(_) => 0,
    }
}

fn range(targets: &Targets) -> Option<[f64; 3]> {
    let Targets::Numbers(numbers) = targets else { return None };
    let numbers = || numbers.iter().map(|number| f64::from(*number));
    let least = numbers().reduce(f64::min)?;
    let most = numbers().reduce(f64::max)?;
    Some([numbers().sum::<f64>() / numbers().count() as f64, least, most])
}

#[cfg(test)]
mod tests {
    use super::super::mnist::embedded;
    use super::*;
    use crate::run::{ExampleData, PairData, Shape, SplitConfig, SplitKind};

    /// The numbers of MNIST's README: all training images and all test images.
    #[test]
    fn each_class_of_each_part_is_counted() {
        let examples = embedded().unwrap();
        let config = DataConfig::Examples(ExampleData {
            dataset: examples.digest,
            n: examples.len(),
            input: examples.shape,
            pooling: 28,
            standardize: false,
            standardize_target: false,
            classes: 10,
            split: SplitConfig {
                kind: SplitKind::Files,
                train: None,
                validation: None,
                test: None,
                folds: 0,
                stratified: false,
                grouped: false,
                together: false,
                seed: 0,
            },
        });
        let found = summary(&config, &examples).unwrap();
        assert_eq!(found.sizes, [[60_000, 0, 10_000]]);
        let TargetSummary::Classes(classes) = found.targets else { panic!("digits have classes") };
        assert_eq!(classes[0], [5923, 0, 980]);
        assert_eq!(classes[9], [5949, 0, 1009]);
    }

    #[test]
    fn pairs_in_order_are_counted() {
        let examples = embedded().unwrap();
        let config = DataConfig::Pairs(PairData {
            dataset: examples.digest,
            seed: 0,
            train_pairs: 1000,
            test_pairs: 1000,
            validation_pairs: 0,
            pooling: 28,
            image: Shape::Image { height: 28, width: 28, channels: 1 },
            classes: 10,
        });
        let found = summary(&config, &examples).unwrap();
        assert_eq!(found.sizes, [[1000, 0, 1000]]);
        let TargetSummary::Pairs([train, 0, test]) = found.targets else { panic!("pairs") };
        // A pair is in order with a probability of about 0.55.
        assert!((500..600).contains(&train) && (500..600).contains(&test), "{train} {test}");
    }

    #[test]
    fn numbers_have_a_mean_and_a_range() {
        assert_eq!(range(&Targets::Numbers(vec![1.0, 4.0, -2.0])), Some([1.0, -2.0, 4.0]));
        assert_eq!(range(&Targets::Numbers(Vec::new())), None);
    }
}
