//! `report store`.

use std::collections::BTreeSet;

use super::json;
use super::sharing::tell_faults;
use super::store_args::{StoreCommand, SyncArgs};
use super::terminal::{data, message};
use crate::digest::Digest;
use crate::format::{count, runs};
use crate::pipeline::{self, Error, Keep, Project};
use crate::plan::Plan;
use crate::store::{Address, Store};

pub(super) fn run(command: &StoreCommand) -> Result<(), Error> {
    match command {
        StoreCommand::Status(args) => Sync::open(args)?.status(args.json),
        StoreCommand::Push(args) => Sync::open(args)?.push(args.json),
        StoreCommand::Pull(args) => Sync::open(args)?.pull(args.json),
    }
}

/// A project and its store.
struct Sync {
    project: Project,
    plan: Plan,
    address: Address,
    store: Store,
    /// The records in the store. `None` if it cannot list them.
    there: Option<BTreeSet<Digest>>,
}

impl Sync {
    fn open(args: &SyncArgs) -> Result<Self, Error> {
        let project = args.project.load()?;
        if let Some(name) = project.without_probe() {
            return Err(Error::Request {
                message: format!(
                    "the probe of `{name}` has not run on this machine, so the keys of its runs are not known"
                ),
                hint: "`report build` with this store runs it, and then takes the records that fit"
                    .to_owned(),
            });
        }
        let address = pipeline::store_address(&project.root, args.store.as_deref())?;
        let address = address.ok_or_else(|| Error::Request {
            message: "the project names no store".to_owned(),
            hint: "`--store URL` names one, or `url` in `experiments/store.toml`".to_owned(),
        })?;
        let plan = pipeline::plan(&project, args.project.device.kind(), Keep::States)?;
        let store = Store::open(&address).map_err(Error::Store)?;
        let there = store.digests().map_err(Error::Store)?;
        Ok(Self { project, plan, address, store, there })
    }

    fn missing(&self) -> BTreeSet<Digest> {
        self.plan.absent(|_| true).into_iter().map(|(run, _)| run.digest).collect()
    }

    fn status(&self, as_json: bool) -> Result<(), Error> {
        let (here, missing) = (pipeline::sharable(&self.plan), self.missing());
        let total = here.len() + missing.len();
        let Some(there) = &self.there else {
            return Err(Error::Request {
                message: format!("the store `{}` cannot list its records", self.address),
                hint: "it is a web server, which is only read; `report store pull` asks for each missing record".to_owned(),
            });
        };
        let (to_push, to_pull) =
            (here.difference(there).count(), missing.intersection(there).count());
        if as_json {
            return json::print(json::store(
                &self.address,
                there.len(),
                here.len(),
                to_push,
                to_pull,
            ));
        }
        data(&format!("store {}: {}", self.address, count(there.len(), "record")))?;
        data(&format!("{} of {} have a record here that can be shared", here.len(), runs(total)))?;
        data(&format!(
            "`report store push` copies {to_push}, and `report store pull` copies {to_pull}"
        ))
    }

    fn push(&self, as_json: bool) -> Result<(), Error> {
        if self.store.is_read_only() {
            return Err(Error::Request {
                message: format!(
                    "the store `{}` is a web server, which is only read",
                    self.address
                ),
                hint: "push with the address of the object store or of the directory behind it"
                    .to_owned(),
            });
        }
        let here = pipeline::sharable(&self.plan);
        let is_there =
            |digest: &Digest| self.there.as_ref().is_some_and(|there| there.contains(digest));
        let wanted: Vec<_> = here.iter().filter(|digest| !is_there(digest)).copied().collect();
        let (mut new, mut same) = (0, here.len() - wanted.len());
        let result =
            pipeline::push(&self.project, &self.store, wanted.iter().copied(), |_, is_new| {
                match is_new {
                    true => new += 1,
                    false => same += 1,
                }
            });
        if as_json {
            json::print(json::pushed(new, same))?;
        }
        message(&format!(
            "copied {} into the store; {same} were there already",
            count(new, "record")
        ));
        super::sharing::tell_left_out(result.map_err(Error::Store)?);
        Ok(())
    }

    fn pull(&self, as_json: bool) -> Result<(), Error> {
        let missing = self.missing();
        let is_there =
            |digest: &&Digest| self.there.as_ref().is_none_or(|there| there.contains(digest));
        let wanted: Vec<_> = missing.iter().filter(is_there).copied().collect();
        let pulled = pipeline::pull(&self.project, &self.store, &wanted)?;
        tell_faults(&pulled);
        let left = missing.len() - pulled.new;
        if as_json {
            json::print(json::pulled(pulled.new, left, &pulled.damaged))?;
        }
        let have = if left == 1 { "has" } else { "have" };
        message(&format!(
            "copied {} from the store; {} {have} none yet",
            count(pulled.new, "record"),
            runs(left)
        ));
        if let Some(error) = pulled.failure {
            return Err(Error::Store(error));
        }
        match pulled.damaged.len() {
            0 => Ok(()),
            n => Err(Error::Unverified {
                message: format!("{} from the store cannot be used", count(n, "record")),
                hint: "remove them from the store; `report build` trains their runs, and puts the results there",
            }),
        }
    }
}
