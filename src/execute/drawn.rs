//! The examples of the last run.

use std::sync::{Arc, Mutex};

use crate::dataset::{self, DrawError, Examples, Split};
use crate::run::DataConfig;

const NO_PANIC: &str = "no worker panics with the lock";

/// The examples that were drawn last. The next run often has other initial weights and the same
/// examples.
#[derive(Default)]
pub(super) struct Drawn(Mutex<Option<(DataConfig, Arc<[Split]>)>>);

impl Drawn {
    pub(super) fn splits(
        &self,
        config: &DataConfig,
        dataset: &Examples,
    ) -> Result<Arc<[Split]>, DrawError> {
        if let Some((last, splits)) = &*self.0.lock().expect(NO_PANIC)
            && last == config
        {
            return Ok(Arc::clone(splits));
        }
        let splits = Arc::from(dataset::draw(config, dataset)?);
        *self.0.lock().expect(NO_PANIC) = Some((config.clone(), Arc::clone(&splits)));
        Ok(splits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{PairData, samples};

    #[test]
    fn each_run_gets_the_examples_of_its_own_configuration() {
        let dataset = dataset::embedded().unwrap();
        let config = |seed| match samples::config().data {
            DataConfig::Pairs(data) => DataConfig::Pairs(PairData { seed, pooling: 4, ..data }),
            DataConfig::Examples(_) => unreachable!(),
        };
        let drawn = Drawn::default();
        for seed in [1, 1, 2, 1] {
            let splits = drawn.splits(&config(seed), &dataset).unwrap();
            assert_eq!(*splits, dataset::draw(&config(seed), &dataset).unwrap());
        }
    }
}
