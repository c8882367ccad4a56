//! Records that several machines share: in an object store, behind a web server, or in a directory.
//!
//! A store contains `records/DIGEST.json` and `artifacts/DIGEST`, as `.report/` does. It has no index. Nobody replaces a file in it. Whoever
//! reads a record checks it.

mod address;
mod bounded;
mod client;
mod secrets;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode};
use tokio::runtime::Runtime;

use crate::digest::Digest;
use crate::format::chain;
use crate::fs;

pub use bounded::LARGEST;

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
    root: Root,
    address: Address,
}

/// Where the files of a store are.
#[derive(Debug)]
enum Root {
    /// In this directory.
    Directory(PathBuf),
    /// In this folder of an object store or a web server.
    Remote(Arc<dyn ObjectStore>, Path),
}

/// What a store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The record of a run, named by the digest of its configuration.
    Record,
    /// A file that a program has left, named by its own digest.
    Artifact,
}

impl Kind {
    fn folder(self) -> &'static str {
        match self {
            Self::Record => "records",
            Self::Artifact => "artifacts",
        }
    }

    fn name(self, digest: Digest) -> String {
        match self {
            Self::Record => format!("{digest}.json"),
            Self::Artifact => digest.to_string(),
        }
    }
}

/// Where a file of a store is.
enum Place<'s> {
    File(PathBuf),
    Object(&'s dyn ObjectStore, Path),
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
        let root = match address {
            // A directory that is missing may be one that is not mounted now.
            Address::Directory(directory) if !fs::is_directory(directory) => {
                return Err(failed("the directory does not exist".to_owned()));
            }
            Address::Directory(directory) => Root::Directory(directory.clone()),
            Address::Remote(url) => {
                let (client, folder) = client::client(url).map_err(failed)?;
                Root::Remote(client, folder)
            }
        };
        Ok(Self { runtime, root, address: address.clone() })
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
        let digest = |name: &str| Digest::try_from(name.strip_suffix(".json")?.to_owned()).ok();
        let folder = Kind::Record.folder();
        let (client, folder) = match &self.root {
            Root::Directory(directory) => {
                let names = fs::names(&directory.join(folder));
                let names = names.map_err(|error| self.failed("list", &chain(&error)))?;
                return Ok(Some(names.iter().filter_map(|name| digest(name)).collect()));
            }
            Root::Remote(..) if self.address.is_web() => return Ok(None),
            Root::Remote(client, root) => (client, root.clone().join(folder)),
        };
        let listed = client.list(Some(&folder));
        let digests = listed.try_filter_map(|object| async move {
            Ok(object.location.filename().and_then(digest))
        });
        let digests = self
            .runtime
            .block_on(async { tokio::time::timeout(LONGEST_LIST, digests.try_collect()).await });
        match digests {
            Ok(digests) => digests.map(Some).map_err(|error| self.failed("list", &error)),
            Err(_) => Err(self.failed("list", &"it takes longer than a minute")),
        }
    }

    /// Fetches files, several at a time, and gives the bytes of each that exists to `each`, in any order.
    ///
    /// # Errors
    /// If the store does not answer, or refuses to, or `each` returns an error. One faulty answer does not stop the
    /// others. What was fetched stays.
    pub fn fetch<E: From<StoreError>>(
        &self,
        kind: Kind,
        digests: &[Digest],
        mut each: impl FnMut(Digest, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let answers = stream::iter(digests)
            .map(|digest| async move { (*digest, self.get(kind, *digest).await) });
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

    async fn get(&self, kind: Kind, digest: Digest) -> object_store::Result<Option<Vec<u8>>> {
        let (client, path) = match self.place(kind, digest) {
            Place::File(file) if fs::size(&file) > LARGEST => {
                return Err(too_large(&file.display(), fs::size(&file)));
            }
            Place::File(file) => {
                return match fs::read_if_there(&file) {
                    Ok(bytes) => Ok(bytes),
                    // What is no file is no record.
                    Err(error) if error.is_no_file() => Ok(Some(Vec::new())),
                    Err(error) => Err(object_store::Error::Generic {
                        store: "directory",
                        source: chain(&error).into(),
                    }),
                };
            }
            Place::Object(client, path) => (client, path),
        };
        let answer = match client.get(&path).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            answer => answer?,
        };
        if answer.meta.size > LARGEST {
            return Err(too_large(&answer.meta.location, answer.meta.size));
        }
        Ok(Some(answer.bytes().await?.to_vec()))
    }

    /// Writes files, several at a time. Replaces none. Tells `each` which digest was written: true if it is new, and
    /// false if the store had it.
    ///
    /// # Errors
    /// If the store does not answer, or refuses to. What was written before stays.
    pub fn put(
        &self,
        kind: Kind,
        files: impl Iterator<Item = (Digest, Vec<u8>)>,
        mut each: impl FnMut(Digest, bool),
    ) -> Result<(), StoreError> {
        let answers = stream::iter(files)
            .map(|(digest, bytes)| async move { (digest, self.create(kind, digest, bytes).await) });
        let mut answers = std::pin::pin!(answers.buffer_unordered(CONCURRENT));
        self.runtime.block_on(async {
            while let Some((digest, answer)) = answers.next().await {
                each(digest, answer?);
            }
            Ok(())
        })
    }

    async fn create(&self, kind: Kind, digest: Digest, bytes: Vec<u8>) -> Result<bool, StoreError> {
        let (client, path) = match self.place(kind, digest) {
            Place::File(file) => {
                let present = fs::publish(&file, &bytes);
                let is_new = present.map(|present| present.is_none());
                return is_new.map_err(|error| self.failed("write into", &chain(&error)));
            }
            Place::Object(client, path) => (client, path),
        };
        let mode = PutMode::Create.into();
        let answer = match client.put_opts(&path, bytes.clone().into(), mode).await {
            Ok(_) => Ok(true),
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => Ok(false),
            // A store without conditional writes. Two writers write the same content, so a replaced file does no harm.
            Err(
                object_store::Error::NotImplemented { .. }
                | object_store::Error::NotSupported { .. },
            ) => match client.head(&path).await {
                Ok(_) => Ok(false),
                Err(_) => client.put(&path, bytes.into()).await.map(|_| true),
            },
            Err(error) => Err(error),
        };
        answer.map_err(|error| self.failed("write into", &error))
    }

    fn place(&self, kind: Kind, digest: Digest) -> Place<'_> {
        let (folder, name) = (kind.folder(), kind.name(digest));
        match &self.root {
            Root::Directory(directory) => Place::File(directory.join(folder).join(name)),
            Root::Remote(client, root) => {
                Place::Object(&**client, root.clone().join(folder).join(name))
            }
        }
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
