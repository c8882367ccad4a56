//! The files of plans for workers, in `.report/jobs/`.
//!
//! ```text
//! program-0a12a9d27c44     the program that the workers run
//! 3fa9c1…/plan.json        the plan; the name of its folder is the beginning of its digest
//!         tasks/7.json     the runs of a task
//!         array-0.json     an array that is submitted: first without, then with the number of its job
//!         array-0.sh       its script
//!         claim-0          the job whose workers do the tasks of the array
//!         state/7.json     what the worker of a task says about itself
//!         log/0-7.log      what it prints
//!         cancelled        there is nothing more to submit
//! ```

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Cache;
use crate::digest::Digest;
use crate::fs::{self, FileError};
use crate::job::{JobPlan, Task, TaskState};

/// The beginning of the names of copies of programs.
const PROGRAM: &str = "program-";

/// The files of one plan.
#[derive(Clone, Debug)]
pub struct JobFiles {
    cache: Cache,
    directory: PathBuf,
}

/// A plan that is not complete yet.
#[derive(Debug)]
pub struct JobDraft {
    cache: Cache,
    directory: fs::TemporaryDirectory,
    tasks: usize,
}

/// An array of tasks that is submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrayReceipt {
    /// The name of its job, which no other job has.
    pub name: String,
    /// Its first task of the plan.
    pub offset: usize,
    /// Number of its tasks.
    pub tasks: usize,
    /// The number of its job. `None` until the scheduler has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<u64>,
    /// Its cluster, if the scheduler has named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
}

impl Cache {
    /// The directory of all plans.
    #[must_use]
    pub fn jobs(&self) -> PathBuf {
        self.directory.join("jobs")
    }

    /// All complete plans, in order of their names.
    ///
    /// # Errors
    /// If the directory exists but cannot be listed.
    pub fn plans(&self) -> Result<Vec<JobFiles>, FileError> {
        let names = fs::names(&self.jobs())?;
        let plans = names.iter().map(|name| JobFiles::at(&self.jobs().join(name)));
        Ok(plans.filter(|files| fs::is_file(&files.plan_path())).collect())
    }

    /// Keeps a copy of this program for workers. Returns its digest.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub fn pin(&self, program: &Path) -> Result<Digest, FileError> {
        let bytes = fs::read(program)?;
        let digest = Digest::of_bytes(&bytes);
        let path = self.program(digest);
        if fs::publish_program(&path, &bytes)?.is_some_and(|present| present != bytes) {
            fs::remove(&path)?;
            fs::publish_program(&path, &bytes)?;
        }
        Ok(digest)
    }

    /// The path of the copy of the program with this digest.
    #[must_use]
    pub fn program(&self, digest: Digest) -> PathBuf {
        self.jobs().join(format!("{PROGRAM}{}", digest.short()))
    }

    /// Removes the copies of programs that no plan needs.
    ///
    /// # Errors
    /// If they cannot be listed or removed.
    pub fn forget_programs(&self) -> Result<(), FileError> {
        let plans = self.plans()?;
        let program = |files: &JobFiles| Some(self.program(files.plan().ok()?.0.program));
        // A plan that cannot be read may need any of them.
        let Some(needed) = plans.iter().map(program).collect::<Option<Vec<_>>>() else {
            return Ok(());
        };
        for name in fs::names(&self.jobs())?.iter().filter(|name| name.starts_with(PROGRAM)) {
            let path = self.jobs().join(name);
            // Another build may be about to write its plan.
            if !needed.contains(&path) && fs::is_older_than(&path, Duration::from_hours(1)) {
                fs::remove(&path)?;
            }
        }
        Ok(())
    }
}

impl JobDraft {
    /// A plan without tasks.
    ///
    /// # Errors
    /// If its directory cannot be created.
    pub fn new(cache: &Cache) -> Result<Self, FileError> {
        let directory = fs::temporary_directory(&cache.jobs())?;
        Ok(Self { cache: cache.clone(), directory, tasks: 0 })
    }

    /// Writes the next task. Returns the digest of its file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&mut self, task: &Task) -> Result<Digest, FileError> {
        let bytes = serde_json::to_vec(task).expect("a task has plain values");
        let files =
            JobFiles { cache: self.cache.clone(), directory: self.directory.path().to_owned() };
        fs::write_atomic(&files.task_path(self.tasks), &bytes)?;
        self.tasks += 1;
        Ok(Digest::of_bytes(&bytes))
    }

    /// Writes the plan, which makes it complete.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self, plan: &JobPlan) -> Result<JobFiles, FileError> {
        let bytes = serde_json::to_vec(plan).expect("a plan has plain values");
        let directory = self.cache.jobs().join(Digest::of_bytes(&bytes).short());
        let draft = JobFiles { cache: self.cache, directory: self.directory.path().to_owned() };
        fs::create_directory(&draft.logs())?;
        fs::create_directory(&draft.directory.join("state"))?;
        fs::write_atomic(&draft.plan_path(), &bytes)?;
        let files = JobFiles { directory, ..draft };
        fs::write_atomic(&files.canary(), b"")?;
        fs::persist_directory(self.directory, &files.directory)?;
        Ok(files)
    }
}

impl JobFiles {
    /// The files of the plan in this directory, which is in the `jobs` directory of a cache.
    #[must_use]
    pub fn at(directory: &Path) -> Self {
        let of_cache = directory.parent().and_then(Path::parent).unwrap_or(directory);
        Self { cache: Cache::at(of_cache), directory: directory.to_owned() }
    }

    /// The cache that the records go to.
    #[must_use]
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The name of the plan: the first twelve digits of its digest.
    #[must_use]
    pub fn name(&self) -> String {
        self.directory.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The directory of the logs.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// The file of the plan.
    #[must_use]
    pub fn plan_path(&self) -> PathBuf {
        self.directory.join("plan.json")
    }

    /// The script of the array at `offset`.
    #[must_use]
    pub fn script_path(&self, offset: usize) -> PathBuf {
        self.directory.join(format!("array-{offset}.sh"))
    }

    /// The plan and the digest of its file.
    ///
    /// # Errors
    /// If it cannot be read, with a phrase that follows the name of the file.
    pub fn plan(&self) -> Result<(JobPlan, Digest), String> {
        let bytes = fs::read(&self.plan_path()).map_err(|error| cannot_be_read(&error))?;
        let digest = Digest::of_bytes(&bytes);
        let plan = serde_json::from_slice(&bytes);
        plan.map(|plan| (plan, digest)).map_err(|error| format!("is not a plan: {error}"))
    }

    /// A task and the digest of its file.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub fn task(&self, index: usize) -> Result<(Task, Digest), String> {
        let bytes = fs::read(&self.task_path(index)).map_err(|error| cannot_be_read(&error))?;
        let digest = Digest::of_bytes(&bytes);
        let task = serde_json::from_slice(&bytes);
        task.map(|task| (task, digest)).map_err(|error| format!("is not a task: {error}"))
    }

    /// The file of a task.
    #[must_use]
    pub fn task_path(&self, index: usize) -> PathBuf {
        self.directory.join("tasks").join(format!("{index}.json"))
    }

    /// What the worker of a task last said. `None` if there is nothing that can be read.
    #[must_use]
    pub fn state(&self, index: usize) -> Option<TaskState> {
        read_json(&self.state_path(index))
    }

    /// Replaces what the worker of a task says.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn store_state(&self, index: usize, state: &TaskState) -> Result<(), FileError> {
        let bytes = serde_json::to_vec(state).expect("a state has plain values");
        fs::write_atomic(&self.state_path(index), &bytes)
    }

    /// Whether the worker of a task has said nothing for longer than `age`, by the date of the file.
    #[must_use]
    pub fn is_silent(&self, index: usize, age: Duration) -> bool {
        fs::is_older_than(&self.state_path(index), age)
    }

    fn state_path(&self, index: usize) -> PathBuf {
        self.directory.join("state").join(format!("{index}.json"))
    }

    /// The arrays that are submitted or were about to be, in order of their offsets. The number of the job is that
    /// of the claim, if there is one.
    ///
    /// # Errors
    /// If the directory cannot be listed.
    pub fn arrays(&self) -> Result<Vec<ArrayReceipt>, FileError> {
        let names = fs::names(&self.directory)?;
        let is_receipt = |name: &&String| {
            name.starts_with("array-")
                && Path::new(name).extension().is_some_and(|end| end == "json")
        };
        let receipts = names.iter().filter(is_receipt);
        let receipts = receipts.filter_map(|name| read_json(&self.directory.join(name)));
        let mut receipts: Vec<ArrayReceipt> = receipts.collect();
        receipts.sort_by_key(|receipt| receipt.offset);
        for receipt in &mut receipts {
            receipt.job = self.claim(receipt.offset).or(receipt.job);
        }
        Ok(receipts)
    }

    /// Writes down an array: before it is submitted, and again with the number of its job.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn store_array(&self, receipt: &ArrayReceipt) -> Result<(), FileError> {
        let bytes = serde_json::to_vec(receipt).expect("a receipt has plain values");
        fs::write_atomic(&self.directory.join(format!("array-{}.json", receipt.offset)), &bytes)
    }

    /// Notes that no further array of the plan may be submitted.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn cancel(&self) -> Result<(), FileError> {
        fs::write_atomic(&self.directory.join("cancelled"), b"")
    }

    /// Whether no further array of the plan may be submitted: it was cancelled, or another build has removed it.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        fs::is_file(&self.directory.join("cancelled")) || !fs::is_file(&self.plan_path())
    }

    /// Removes what was written down of an array that was not submitted.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn forget_array(&self, offset: usize) -> Result<(), FileError> {
        fs::remove(&self.directory.join(format!("array-{offset}.json")))
    }

    /// The job whose workers do the tasks of the array at `offset`. `None` before the first has started.
    #[must_use]
    pub fn claim(&self, offset: usize) -> Option<u64> {
        fs::read_to_string(&self.claim_path(offset)).ok()?.trim().parse().ok()
    }

    /// Claims the tasks of the array at `offset` for a job. Returns whether this job does them: a build that was
    /// killed may have submitted an array that the next build submits again.
    ///
    /// # Errors
    /// If the claim cannot be written.
    pub fn take_claim(&self, offset: usize, job: u64) -> Result<bool, FileError> {
        let present = fs::publish(&self.claim_path(offset), job.to_string().as_bytes())?;
        Ok(present.is_none_or(|present| present == job.to_string().as_bytes()))
    }

    fn claim_path(&self, offset: usize) -> PathBuf {
        self.directory.join(format!("claim-{offset}"))
    }

    /// Whether the file among the records that this plan has written can be seen. If not, the records are not
    /// in a shared directory.
    #[must_use]
    pub fn sees_records(&self) -> bool {
        fs::is_file(&self.canary())
    }

    fn canary(&self) -> PathBuf {
        self.cache.directory.join("records").join(format!(".plan-{}", self.name()))
    }

    /// Removes all files of the plan.
    ///
    /// # Errors
    /// If they cannot be removed.
    pub fn remove(&self) -> Result<(), FileError> {
        fs::remove(&self.canary())?;
        // First the file that makes the plan complete.
        fs::remove(&self.plan_path())?;
        fs::remove_directory(&self.directory)
    }
}

fn cannot_be_read(error: &FileError) -> String {
    format!("cannot be read: {}", error.source)
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}
