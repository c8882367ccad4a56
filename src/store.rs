//! Records that several machines share: in an object store, behind a web server, or in a directory.
//!
//! A store contains `records/DIGEST.json`, as `.report/` does. It has no index. Nobody replaces a file in it. Whoever
//! reads a record checks it.

mod address;
mod bounded;
mod client;
mod secrets;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode};
use tokio::runtime::Runtime;

use crate::digest::Digest;
use crate::format::chain;
use crate::fs;

use bounded::LARGEST;

pub use address::Address;

/// How many requests wait for an answer at the same time.
const CONCURRENT: usize = 16;

/// How many faulty answers end a fetch.
const MOST_ERRORS: usize = 20;

/// How long the list of all records may take.
const LONGEST_LIST: Duration = Duration::from_mins(1);

/// Why a store does not do what it is asked for.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} the store `{store}`: {why}")]
pub struct StoreError {
    action: &'static str,
    store: String,
    why: String,
}

/// A connection to a store.
#[derive(Debug)]
pub struct Store {
    runtime: Runtime,
    client: Arc<dyn ObjectStore>,
    folder: Path,
    address: Address,
}

impl Store {
    /// Prepares the connection to a store. Sends nothing yet.
    ///
    /// # Errors
    /// If settings in the environment are missing or wrong, or a directory does not exist.
    pub fn open(address: &Address) -> Result<Self, StoreError> {
        let failed = |why: String| StoreError {
            action: "open",
            store: address.to_string(),
            why: secrets::hidden(&why),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        let (client, folder) = client::client(address).map_err(failed)?;
        Ok(Self { runtime, client, folder: folder.join("records"), address: address.clone() })
    }

    /// Whether records can only be read.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.address.is_web()
    }

    /// The digests of all records in the store. `None` if it cannot list them.
    ///
    /// # Errors
    /// If it does not answer, or refuses to.
    pub fn digests(&self) -> Result<Option<BTreeSet<Digest>>, StoreError> {
        if self.address.is_web() {
            return Ok(None);
        }
        if let Address::Directory(directory) = &self.address {
            let names = fs::names(&directory.join("records"));
            let names = names.map_err(|error| self.failed("list", &chain(&error)))?;
            let digest =
                |name: &String| Digest::try_from(name.strip_suffix(".json")?.to_owned()).ok();
            return Ok(Some(names.iter().filter_map(digest).collect()));
        }
        let digest = |path: &Path| {
            let name = path.filename()?.strip_suffix(".json")?;
            Digest::try_from(name.to_owned()).ok()
        };
        let listed = self.client.list(Some(&self.folder));
        let digests = listed.try_filter_map(|object| async move { Ok(digest(&object.location)) });
        let digests = self
            .runtime
            .block_on(async { tokio::time::timeout(LONGEST_LIST, digests.try_collect()).await });
        match digests {
            Ok(digests) => digests.map(Some).map_err(|error| self.failed("list", &error)),
            Err(_) => Err(self.failed("list", &"it takes longer than a minute")),
        }
    }

    /// Fetches records, several at a time, and gives the bytes of each that exists to `each`, in any order.
    ///
    /// # Errors
    /// If the store does not answer, or refuses to, or `each` returns an error. One faulty answer does not stop the
    /// others. What was fetched stays.
    pub fn fetch<E: From<StoreError>>(
        &self,
        digests: &[Digest],
        mut each: impl FnMut(Digest, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let answers =
            stream::iter(digests).map(|digest| async { (*digest, self.get(*digest).await) });
        let mut answers = std::pin::pin!(answers.buffer_unordered(CONCURRENT));
        let mut errors = Vec::new();
        self.runtime.block_on(async {
            while errors.len() < MOST_ERRORS
                && let Some((digest, answer)) = answers.next().await
            {
                match answer {
                    Ok(Some(bytes)) => each(digest, bytes)?,
                    Ok(None) => {}
                    Err(error) => errors.push(error),
                }
            }
            match errors.first() {
                None => Ok(()),
                Some(error) => Err(self.failed("read", error).into()),
            }
        })
    }

    async fn get(&self, digest: Digest) -> object_store::Result<Option<Vec<u8>>> {
        if let Address::Directory(directory) = &self.address {
            let file = directory.join("records").join(format!("{digest}.json"));
            let read = match fs::size(&file) > LARGEST {
                true => return Err(too_large(&file.display(), fs::size(&file))),
                false => fs::read_if_there(&file),
            };
            return match read {
                Ok(bytes) => Ok(bytes),
                // What is no file is no record.
                Err(error) if error.is_no_file() => Ok(Some(Vec::new())),
                Err(error) => Err(object_store::Error::Generic {
                    store: "directory",
                    source: chain(&error).into(),
                }),
            };
        }
        let answer = match self.client.get(&self.path(digest)).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            answer => answer?,
        };
        if answer.meta.size > LARGEST {
            return Err(too_large(&answer.meta.location, answer.meta.size));
        }
        Ok(Some(answer.bytes().await?.to_vec()))
    }

    /// Writes records, several at a time. Replaces none. Tells `each` which digest was written: true if it is new, and
    /// false if the store had it.
    ///
    /// # Errors
    /// If the store does not answer, or refuses to. What was written before stays.
    pub fn put(
        &self,
        records: impl Iterator<Item = (Digest, Vec<u8>)>,
        mut each: impl FnMut(Digest, bool),
    ) -> Result<(), StoreError> {
        let answers = stream::iter(records)
            .map(|(digest, bytes)| async move { (digest, self.create(digest, bytes).await) });
        let mut answers = std::pin::pin!(answers.buffer_unordered(CONCURRENT));
        self.runtime.block_on(async {
            while let Some((digest, answer)) = answers.next().await {
                each(digest, answer?);
            }
            Ok(())
        })
    }

    async fn create(&self, digest: Digest, bytes: Vec<u8>) -> Result<bool, StoreError> {
        // The file system needs care: it may have no hard links, and may lose what is not synced.
        if let Address::Directory(directory) = &self.address {
            let file = directory.join("records").join(format!("{digest}.json"));
            let present = fs::publish(&file, &bytes);
            return present
                .map(|present| present.is_none())
                .map_err(|error| self.failed("write into", &chain(&error)));
        }
        let path = self.path(digest);
        let mode = PutMode::Create.into();
        let answer = match self.client.put_opts(&path, bytes.clone().into(), mode).await {
            Ok(_) => Ok(true),
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => Ok(false),
            // A store without conditional writes. Two writers write the same content, so a replaced file does no harm.
            Err(
                object_store::Error::NotImplemented { .. }
                | object_store::Error::NotSupported { .. },
            ) => match self.client.head(&path).await {
                Ok(_) => Ok(false),
                Err(_) => self.client.put(&path, bytes.into()).await.map(|_| true),
            },
            Err(error) => Err(error),
        };
        answer.map_err(|error| self.failed("write into", &error))
    }

    fn path(&self, digest: Digest) -> Path {
        self.folder.clone().join(format!("{digest}.json"))
    }

    fn failed(&self, action: &'static str, error: &dyn std::fmt::Display) -> StoreError {
        const LONGEST: usize = 400;
        let mut why = secrets::hidden(&error.to_string());
        // A web server may answer with a page.
        if let Some((end, _)) = why.char_indices().nth(LONGEST) {
            why.truncate(end);
            why.push('…');
        }
        StoreError { action, store: self.address.to_string(), why }
    }
}

fn too_large(place: &dyn std::fmt::Display, bytes: u64) -> object_store::Error {
    let source =
        format!("`{place}` has {bytes} bytes, so it is no record; remove it from the store");
    object_store::Error::Generic { store: "file", source: source.into() }
}
