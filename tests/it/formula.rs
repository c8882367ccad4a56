//! A trainer that trains nothing: tests of what is made of results know the results.

use report::cache::Cache;
use report::context::{Build, Context};
use report::dataset::Split;
use report::execute::{Executor, Observer, OnFailure};
use report::pipeline::{self, Keep, Overrides, Programs};
use report::plan::Plan;
use report::run::{Curves, DeviceKind, NetworkConfig, Origin, Outcome as End};
use report::task::pair_curves as pairs;
use report::train::{TrainError, Trainer, Training};

use crate::project::Project;

/// Trains nothing: accuracies are a formula of the configuration, so that tests know them.
pub(crate) struct Formula;

/// 60 % and more by what is on, and a part that the seed and the draw decide.
fn formula(config: &NetworkConfig) -> f64 {
    // Of even and odd seeds a little less and more, so that effects have a spread.
    let turn = if config.seed.is_multiple_of(2) { -0.001 } else { 0.001 };
    let sharing = if config.model.pair().unwrap().weight_sharing { 0.02 + turn } else { 0.0 };
    let auxiliary = if config.train.auxiliary_loss == Some(true) { 0.01 - turn } else { 0.0 };
    let noise =
        (config.seed * 7 % 10) as f64 / 500.0 + (config.data.seed() * 3 % 10) as f64 / 300.0;
    0.6 + sharing + auxiliary + noise + config.model.pair().unwrap().branch.len() as f64 / 500.0
}

impl Trainer for Formula {
    fn train(&self, config: &NetworkConfig, _: &Split) -> Result<Training, TrainError> {
        let epochs = config.train.epochs;
        let best = formula(config);
        let rising = |end: f64| (0..epochs).map(move |e| end * (e + 1) as f64 / epochs as f64);
        let curve = |end: f64| rising(end).collect::<Vec<_>>();
        // The held-out pairs prefer the first epoch, in which the corrected accuracy is lowest.
        let held_out: Vec<f64> = curve(0.9).into_iter().rev().collect();
        let mut curves = Curves::default();
        let mut set = |curve, values| curves.set(curve, values);
        set(&pairs::TRAIN_MAIN_LOSS, vec![1.0; epochs]);
        set(&pairs::TRAIN_AUXILIARY_LOSS, vec![1.0; epochs]);
        set(&pairs::PUBLISHED_TEST_ACCURACY, curve(best));
        set(&pairs::DROPOUT_OFF_TEST_ACCURACY, curve(best + 0.05));
        set(&pairs::CORRECTED_TEST_ACCURACY, curve(best + 0.01));
        set(&pairs::FIRST_DIGIT_ACCURACY, curve(0.5));
        set(&pairs::SECOND_DIGIT_ACCURACY, curve(0.5));
        set(&pairs::DIGIT_ACCURACY, curve(0.5));
        set(&pairs::COMPARISON_ACCURACY, curve(0.5));
        if config.data.has_validation() {
            set(&report::task::curves::VALIDATION_ACCURACY, held_out);
        }
        Ok(Training { outcome: End::Completed, curves, confusion: None })
    }
}

struct Nobody;

impl Observer for Nobody {}

pub(crate) const BUILD: Build<'_> = Build { command: "report build", options: "", has_pdf: false };

/// The project with all its runs recorded by [`Formula`].
pub(crate) fn recorded(project: &Project) -> (report::pipeline::Project, Plan) {
    recorded_with(project, &Overrides::default())
}

pub(crate) fn recorded_with(
    project: &Project,
    overrides: &Overrides,
) -> (report::pipeline::Project, Plan) {
    recorded_by(&Formula, project, overrides)
}

/// The project with all its runs recorded by this trainer.
pub(crate) fn recorded_by(
    trainer: &dyn Trainer,
    project: &Project,
    overrides: &Overrides,
) -> (report::pipeline::Project, Plan) {
    let read = pipeline::load(&project.path(""), overrides).unwrap();
    let mut plan = pipeline::plan(&read, DeviceKind::Cpu, Keep::Extracts).unwrap();
    let digests = plan.absent(|_| true).iter().map(|(run, _)| run.digest).collect();
    let cache = Cache::new(&project.path(""));
    let leases = cache.leases();
    {
        let programs = Programs::of_project(&read, true);
        let executor = Executor {
            trainer,
            cache: &cache,
            leases: &leases,
            workers: 2,
            on_failure: OnFailure::Stop,
            may_start: &|_| true,
            programs: &programs,
            keeps_models: false,
            observer: &Nobody,
            origin: &Origin { machine: None, revision: None, lockfile: None },
        };
        pipeline::train(&read, &mut plan, &digests, &executor).unwrap();
    }
    (read, plan)
}

/// A table under the first protocol.
#[track_caller]
pub(crate) fn table<'c>(context: &'c Context, name: &str) -> &'c report::table::Table {
    let item = context.items.iter().find(|item| item.name == name);
    &item.unwrap_or_else(|| panic!("there is no table {name}")).tables[0]
}

pub(crate) fn context(project: &Project) -> Context {
    let (read, plan) = recorded(project);
    pipeline::context(&read, &plan, BUILD).unwrap()
}
