//! Reads examples, and draws the parts of them that a run needs. Pure: bytes in, values out.

mod alike;
mod array;
mod check;
mod draw;
mod error;
mod examples;
mod facts;
mod faults;
mod files;
mod idx;
mod inputs;
mod labels;
mod lines;
mod mnist;
mod npy;
mod opened;
mod packed;
mod pairs;
mod prepare;
mod quotes;
mod range;
mod sketch;
mod source;
mod split;
mod summary;
mod table;

pub use alike::alike;
pub use array::Array;
pub use check::{Blamed, SplitFault, Usage, batch_fault, check};
pub use draw::draw;
pub use error::{DataError, DrawError};
pub use examples::{Column, Examples, PartName, Rows, Scale, Split, TableRows, Targets, Values};
pub use facts::Facts;
pub use files::{File, Files, read};
pub use inputs::{Prepared, Trained, prepare, prepare_examples};
pub use mnist::{
    EMBEDDED_POOLS, STANDARD_FILES, embedded, embedded_digest, embedded_labels, same_content,
    standard,
};
pub use pairs::check_pools;
pub use sketch::{Sketch, SketchColumn, sketch};
pub use source::{Columns, FilePair, FileSource, Source};
pub use summary::{SplitSummary, TargetSummary, summary};
