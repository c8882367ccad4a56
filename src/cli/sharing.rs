//! The store of a build: what it takes from there before the training, and what it puts there afterwards.

use std::collections::BTreeSet;

use super::store_args::StoreArgs;
use super::terminal::message;
use crate::digest::Digest;
use crate::experiment::Run;
use crate::format::count;
use crate::pipeline::{self, Error, Keep, Project, Pulled};
use crate::plan::Plan;
use crate::run::DeviceKind;
use crate::store::{Address, Store, StoreError};

/// A store that answers, and what it has.
pub(super) struct Sharing {
    pub(super) store: Store,
    pub(super) address: Address,
    /// The records that it had when the build began. `None` if it cannot list them.
    present: Option<BTreeSet<Digest>>,
    /// The records that it has got during the training.
    pub(super) put: BTreeSet<Digest>,
}

/// Notes that a build would ask the store first. Sends nothing.
///
/// # Errors
/// If the address is no address.
pub(super) fn note(project: &Project, args: &StoreArgs) -> Result<(), Error> {
    if let Some(address) = address(project, args)? {
        message(&format!("note: a build first takes the records that the store `{address}` has"));
    }
    Ok(())
}

fn address(project: &Project, args: &StoreArgs) -> Result<Option<Address>, Error> {
    match args.no_store {
        true => Ok(None),
        false => pipeline::store_address(&project.root, args.store.as_deref()),
    }
}

impl Sharing {
    /// Asks the store of a build what it has, and takes the records of the `wanted` runs of the plan that have none here.
    /// Returns `None` without a store. A store that does not answer is one warning: a build never fails because of it.
    ///
    /// # Errors
    /// If the address is no address, or a record cannot be written here.
    pub(super) fn begin(
        project: &Project,
        args: &StoreArgs,
        device: DeviceKind,
        plan: &mut Plan,
        wanted: impl Fn(&Run) -> bool,
    ) -> Result<Option<Self>, Error> {
        let Some(address) = address(project, args)? else { return Ok(None) };
        let asked = Store::open(&address).and_then(|store| {
            let present = store.digests()?;
            Ok(Self { store, address, present, put: BTreeSet::new() })
        });
        let sharing = match asked {
            Ok(sharing) => sharing,
            Err(error) => {
                message(&format!("warning: {error}; this build goes on without it"));
                return Ok(None);
            }
        };
        let missing = plan.absent(wanted).into_iter().map(|(run, _)| run.digest).collect();
        if sharing.pull(project, missing)? > 0 {
            *plan = pipeline::plan(project, device, Keep::Extracts)?;
        }
        Ok(Some(sharing))
    }

    /// Takes the records of `missing` runs that the store has. Returns how many came.
    fn pull(&self, project: &Project, mut missing: Vec<Digest>) -> Result<usize, Error> {
        missing
            .retain(|digest| self.present.as_ref().is_none_or(|present| present.contains(digest)));
        if missing.is_empty() {
            return Ok(0);
        }
        let Pulled { new, damaged, failure } = pipeline::pull(project, &self.store, &missing)?;
        for (path, damage) in damaged {
            message(&damaged_there(&path.display().to_string(), &damage));
        }
        if new > 0 {
            message(&format!("took {} from the store `{}`", count(new, "record"), self.address));
        }
        if let Some(error) = failure {
            message(&format!("warning: {error}; this build trains the runs that did not come"));
        }
        Ok(new)
    }

    /// Whether records can be put into the store.
    pub(super) fn is_writable(&self) -> bool {
        !self.store.is_read_only()
    }

    /// Puts the records of a plan into the store that it lacks.
    pub(super) fn finish(self, project: &Project, plan: &Plan) {
        if !self.is_writable() {
            return;
        }
        let mut put = self.put;
        let mut wanted = pipeline::sharable(plan);
        wanted.retain(|digest| {
            !put.contains(digest)
                && self.present.as_ref().is_none_or(|there| !there.contains(digest))
        });
        let left = wanted.iter().copied();
        let result = pipeline::push(project, &self.store, left, |digest, _| {
            put.insert(digest);
        });
        if !put.is_empty() {
            message(&format!(
                "put {} into the store `{}`",
                count(put.len(), "record"),
                self.address
            ));
        }
        if let Err(error) = result {
            message(&not_shared(wanted.difference(&put).count(), &error));
        }
    }
}

/// The warning that a record from a store is not sound.
pub(super) fn damaged_there(path: &str, damage: &str) -> String {
    format!("warning: a record from the store {damage}; it is kept as `{path}` and not used")
}

fn not_shared(n: usize, error: &StoreError) -> String {
    format!("warning: {error}; {} not there; `report store push` copies them later", are(n))
}

fn are(n: usize) -> String {
    match n {
        1 => "1 record is".to_owned(),
        n => format!("{n} records are"),
    }
}
