//! Names of templates.

/// Directory of the templates in a project.
pub const TEMPLATES: &str = "templates";
/// File name of the prose template.
pub const PAPER_TEMPLATE: &str = "paper.md.jinja";
/// File name of the page template.
pub const PAGE_TEMPLATE: &str = "page.html.jinja";
/// File name of the template with the macros of blocks about the build.
pub const BLOCKS_TEMPLATE: &str = "blocks.md.jinja";
/// File name of the template with the macros of items.
pub const ITEMS_TEMPLATE: &str = "items.html.jinja";
