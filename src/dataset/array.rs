//! Arrays of numbers, as files of IDX and `NumPy` have them.

use crate::run::Shape;

use super::examples::Values;
use super::range::Range;

/// An array of numbers with its dimensions, in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The length of each dimension. The first one counts the examples.
    pub dimensions: Vec<usize>,
    /// The numbers.
    pub numbers: Numbers,
}

/// The numbers of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Unsigned bytes.
    Bytes(Vec<u8>),
    /// All other types. An `f64` has each of their values below 2⁵³ exactly.
    Floats(Vec<f64>),
}

impl Array {
    /// Number of examples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.dimensions.first().copied().unwrap_or(0)
    }

    /// Whether there is no example.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The shape of one example: a vector, an image of one channel, or an image whose channels are the last
    /// dimension.
    ///
    /// # Errors
    /// With what is wrong, as a phrase that follows the name of the file.
    pub fn shape(&self) -> Result<Shape, String> {
        match *self.dimensions {
            [_] => Ok(Shape::Vector(1)),
            [_, length] => Ok(Shape::Vector(length)),
            [_, height, width] => Ok(Shape::Image { height, width, channels: 1 }),
            [_, height, width, channels] => Ok(Shape::Image { height, width, channels }),
            _ => Err(format!(
                "has {} dimensions; examples have 1 to 4: n, n × length, n × height × width, or n × height × \
                 width × channels",
                self.dimensions.len()
            )),
        }
    }

    /// The values of the examples.
    ///
    /// # Errors
    /// With the place of a value that is not finite, or a column whose numbers are not told apart.
    pub fn into_values(self) -> Result<Values, String> {
        match self.numbers {
            Numbers::Bytes(bytes) => Ok(Values::Bytes(bytes)),
            Numbers::Floats(floats) => {
                let size = floats.len().checked_div(self.dimensions[0]).unwrap_or(1).max(1);
                if self.dimensions.len() <= 2 {
                    for column in 0..size {
                        let own = floats.iter().skip(column).step_by(size);
                        let range = own.fold(Range::EMPTY, |range, number| range.with(*number));
                        if let Some(fault) =
                            range.fault(&format!("column {column}, counted from 0"))
                        {
                            return Err(fault);
                        }
                    }
                }
                let values: Vec<f32> = floats.into_iter().map(|x| x as f32).collect();
                match values.iter().position(|x| !x.is_finite()) {
                    None => Ok(Values::Floats(values)),
                    Some(at) => Err(format!(
                        "has the value {} in example {}, counted from 0; values must be finite",
                        values[at],
                        at / size
                    )),
                }
            }
        }
    }

    /// One number for each example.
    ///
    /// # Errors
    /// With what is wrong, as a phrase that follows the name of the file.
    pub fn into_column(self) -> Result<Vec<f64>, String> {
        let numbers = match self.numbers {
            Numbers::Bytes(bytes) => bytes.into_iter().map(f64::from).collect(),
            Numbers::Floats(floats) => floats,
        };
        if numbers.len() != self.dimensions[0] {
            return Err(format!(
                "has {} numbers for each example; a target is one number",
                numbers.len().checked_div(self.dimensions[0]).unwrap_or(0)
            ));
        }
        match numbers.iter().position(|x| !x.is_finite()) {
            None => Ok(numbers),
            Some(at) => Err(format!(
                "has the value {} for example {at}, counted from 0; targets must be finite",
                numbers[at]
            )),
        }
    }
}
