//! Where the complete report of a project is.

/// Directory of the complete report in a project.
pub const WHOLE: &str = "reports";
