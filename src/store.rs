//! Records that several machines share: in an object store, behind a web server, or in a directory.
//!
//! A store has the same files as a project has in `.report/`: `records/DIGEST.json`. It has no index. Nobody replaces a
//! file in it. Whoever reads a record checks it.

mod address;
mod client;
mod secrets;

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode};
use tokio::runtime::Runtime;

use crate::digest::Digest;

pub use address::Address;

/// How many requests wait for an answer at the same time.
const CONCURRENT: usize = 16;

/// The largest record that is fetched, in bytes. A record of 10,000 epochs is a hundred times smaller.
const LARGEST: u64 = 256 << 20;

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
        let digest = |path: &Path| {
            let name = path.filename()?.strip_suffix(".json")?;
            Digest::try_from(name.to_owned()).ok()
        };
        let listed = self.client.list(Some(&self.folder));
        let digests = listed.try_filter_map(|object| async move { Ok(digest(&object.location)) });
        let digests = self.runtime.block_on(digests.try_collect());
        digests.map(Some).map_err(|error| self.failed("list", &error))
    }

    /// Fetches records, several at a time, and gives the bytes of each that exists to `each`, in any order.
    ///
    /// # Errors
    /// If the store does not answer, or refuses to, or `each` returns an error. What was fetched before stays.
    pub fn fetch<E: From<StoreError>>(
        &self,
        digests: &[Digest],
        mut each: impl FnMut(Digest, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let answers =
            stream::iter(digests).map(|digest| async { (*digest, self.get(*digest).await) });
        let mut answers = std::pin::pin!(answers.buffer_unordered(CONCURRENT));
        self.runtime.block_on(async {
            while let Some((digest, answer)) = answers.next().await {
                match answer {
                    Ok(Some(bytes)) => each(digest, bytes)?,
                    Ok(None) => {}
                    Err(error) => return Err(self.failed("read", &error).into()),
                }
            }
            Ok(())
        })
    }

    async fn get(&self, digest: Digest) -> object_store::Result<Option<Vec<u8>>> {
        let answer = match self.client.get(&self.path(digest)).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            answer => answer?,
        };
        // What is larger is no record, whatever it is.
        if answer.meta.size > LARGEST {
            return Ok(Some(Vec::new()));
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
                each(digest, answer.map_err(|error| self.failed("write into", &error))?);
            }
            Ok(())
        })
    }

    async fn create(&self, digest: Digest, bytes: Vec<u8>) -> object_store::Result<bool> {
        let path = self.path(digest);
        match self.client.put_opts(&path, bytes.clone().into(), PutMode::Create.into()).await {
            Ok(_) => Ok(true),
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => Ok(false),
            // A store that cannot create a file only if there is none. Both have the same content.
            Err(
                object_store::Error::NotImplemented { .. }
                | object_store::Error::NotSupported { .. },
            ) => {
                if self.client.head(&path).await.is_ok() {
                    return Ok(false);
                }
                self.client.put(&path, bytes.into()).await.map(|_| true)
            }
            Err(error) => Err(error),
        }
    }

    fn path(&self, digest: Digest) -> Path {
        self.folder.clone().join(format!("{digest}.json"))
    }

    fn failed(&self, action: &'static str, error: &object_store::Error) -> StoreError {
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
