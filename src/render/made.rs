//! How a number was made: what a drawer or a preview on the page tells of it.

/// A number in the prose.
#[derive(Clone, Debug)]
pub(super) struct Made<'m> {
    /// What it is: the head of its column.
    pub(super) what: String,
    /// Of which row or condition.
    pub(super) of: String,
    /// Name and number of the table that it stands in.
    pub(super) item: Option<(&'m str, usize)>,
    /// How it is computed.
    pub(super) notes: &'m [String],
    /// Indices of the conditions behind it.
    pub(super) conditions: &'m [usize],
}
