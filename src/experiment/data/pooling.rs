//! Average pooling of images.

use crate::document::Reader;
use crate::run::Shape;

/// Checks that a window of average pooling divides the sides of an image.
pub(super) fn check_pooling(reader: &Reader<'_>, pooling: usize, shape: Shape) -> Option<usize> {
    let fits = |side: usize| pooling > 0 && side.is_multiple_of(pooling);
    let message = match shape {
        Shape::Vector(_) if pooling != 1 => {
            "is for images, and the examples are vectors".to_owned()
        }
        Shape::Image { height, width, .. } if !fits(height) || !fits(width) => {
            match height == width {
                true => format!("must divide the image side of {height}, but is {pooling}"),
                false => {
                    format!("must divide the image sides {height} and {width}, but is {pooling}")
                }
            }
        }
        _ => return Some(pooling),
    };
    reader.refuse("pooling", message);
    None
}
