//! Takes missing records from the store of a build before the training, and puts new ones there afterwards.

use std::collections::{BTreeMap, BTreeSet};

use super::store_args::StoreArgs;
use super::terminal::{alert, message};
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
    /// The records that it has got during the training, each with whether it is new there.
    pub(super) put: BTreeMap<Digest, bool>,
    /// Why it got no more.
    pub(super) failure: Option<StoreError>,
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
            Ok(Self { store, address, present, put: BTreeMap::new(), failure: None })
        });
        let sharing = match asked {
            Ok(sharing) => sharing,
            Err(error) => {
                alert(&format!("warning: {error}; this build goes on without it"));
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
        let pulled = pipeline::pull(project, &self.store, &missing)?;
        tell_faults(&pulled);
        if pulled.new > 0 {
            message(&format!(
                "took {} from the store `{}`",
                count(pulled.new, "record"),
                self.address
            ));
        }
        let is_silent = pulled.failure.is_none() && pulled.damaged.is_empty();
        if pulled.new == 0 && is_silent && self.present.is_none() {
            message(&format!(
                "note: the store `{}` has none of {} missing records",
                self.address,
                missing.len()
            ));
        }
        if let Some(error) = pulled.failure {
            alert(&format!(
                "warning: {error}; this build trains the runs whose records did not come"
            ));
        }
        Ok(pulled.new)
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
            !put.contains_key(digest)
                && self.present.as_ref().is_none_or(|there| !there.contains(digest))
        });
        let result = match self.failure {
            Some(failure) => Err(failure),
            None => {
                pipeline::push(project, &self.store, wanted.iter().copied(), |digest, is_new| {
                    put.insert(digest, is_new);
                })
            }
        };
        let new = put.values().filter(|is_new| **is_new).count();
        if new > 0 {
            message(&format!("put {} into the store `{}`", count(new, "record"), self.address));
        }
        if let Ok(left_out) = result {
            tell_left_out(left_out);
        }
        if let Err(error) = result {
            let left = wanted.iter().filter(|digest| !put.contains_key(digest)).count();
            let are = if left == 1 { "record is" } else { "records are" };
            alert(&format!(
                "warning: {error}; {left} {are} not in the store; `report store push` copies them"
            ));
        }
    }
}

/// Says that artefacts are too large for a store.
pub(super) fn tell_left_out(n: usize) {
    if n > 0 {
        alert(&format!("note: {} above 64 MiB did not go into the store", count(n, "artefact")));
    }
}

/// Warns of the records from a store that are not used. Names the first ones.
pub(super) fn tell_faults(pulled: &Pulled) {
    const MOST: usize = 5;
    for (path, damage) in pulled.damaged.iter().take(MOST) {
        alert(&format!(
            "warning: a record from the store {damage}; it is kept as `{}` and not used",
            path.display()
        ));
    }
    if pulled.damaged.len() > MOST {
        alert(&format!("warning: and {} more such records", pulled.damaged.len() - MOST));
    }
    if pulled.lacking > 0 {
        alert(&format!(
            "warning: {} not taken, because an artefact did not come: files above 64 MiB are not shared",
            count(pulled.lacking, "record")
        ));
    }
    for path in &pulled.different {
        alert(&format!(
            "warning: `{}` has another result than the record in the store; `report verify` says which of them this \
             machine computes",
            path.display()
        ));
    }
}
