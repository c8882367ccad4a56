//! A bundle: one archive with everything that is needed to build a report again. Pure: paths, digests and streams of
//! bytes in and out.
//!
//! A bundle is a tar archive, compressed by Zstandard. Unpacked, it is a project with its records and its report, and
//! a research object (RO-Crate) that other programs can read.

mod archive;
mod description;
mod manifest;
mod path;

pub use archive::{PackError, UnpackError, most_unpacked, pack, unpack};
pub use description::{Description, LICENSES, METADATA, Trained};
pub use manifest::Manifest;
pub use path::BundlePath;
