//! Confusion matrices of the runs of one condition: shares of each class.

use super::ConditionSummary;
use crate::run::Confusion;

impl ConditionSummary {
    /// Of the examples of each class (row), the share that was taken for each class (column), in each run that has
    /// its counts. `None` if a run has no example of the class.
    #[must_use]
    pub fn answers(&self) -> Vec<Vec<Vec<Option<f64>>>> {
        let of_row = |row: &Vec<u64>| {
            let all: u64 = row.iter().sum();
            row.iter().map(|count| share(*count, all)).collect()
        };
        self.confusions().map(|counts| counts.iter().map(of_row).collect()).collect()
    }

    /// The share of each class that was found, in each run that has its counts: its recall.
    #[must_use]
    pub fn recalls(&self) -> Vec<Vec<Option<f64>>> {
        let answers = self.answers().into_iter();
        let diagonal = |rows: Vec<Vec<Option<f64>>>| {
            rows.iter().enumerate().map(|(class, row)| row[class]).collect()
        };
        answers.map(diagonal).collect()
    }

    /// Of the examples that were taken for each class, the share that is of this class, in each run that has its
    /// counts: its precision. `None` if a run took no example for the class.
    #[must_use]
    pub fn precisions(&self) -> Vec<Vec<Option<f64>>> {
        let of_run = |counts: &Confusion| {
            let of_class = |class: usize| {
                let taken = counts.iter().map(|row| row[class]).sum();
                share(counts[class][class], taken)
            };
            (0..counts.len()).map(of_class).collect()
        };
        self.confusions().map(of_run).collect()
    }

    /// The counts of each run that has them.
    pub fn confusions(&self) -> impl Iterator<Item = &Confusion> {
        self.runs.iter().filter_map(|run| run.confusion.as_ref())
    }
}

fn share(some: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| some as f64 / all as f64)
}
