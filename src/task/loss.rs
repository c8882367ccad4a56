//! Losses of network outputs, with their gradients.
//!
//! A loss depends on a few hundred numbers a step. So it is computed on the host in `f64`, together
//! with its gradient. Exponentials and logarithms are those of `libm`, which are the same on every platform. A device
//! computes no loss: it gets the gradient, with which its backward pass begins.

/// A loss and its gradient.
#[derive(Clone, Debug)]
pub(super) struct Loss {
    pub(super) value: f32,
    /// One number for each output that the loss was computed from.
    pub(super) gradient: Vec<f32>,
}

impl Loss {
    /// The gradient of this loss divided by `divisor`.
    pub(super) fn gradient_over(&self, divisor: f32) -> Vec<f32> {
        let factor = 1.0 / divisor;
        self.gradient.iter().map(|x| x * factor).collect()
    }
}

/// Mean binary cross-entropy of the probabilities `p` with the targets `holds`.
///
/// Each logarithm is at least −100, and the gradient (p − t) / (p (1 − p)) has a denominator of at
/// least 10⁻¹². Both keep a saturated wrong answer finite. PyTorch's `BCELoss` has the same limits.
pub(super) fn binary_cross_entropy(p: &[f32], holds: impl ExactSizeIterator<Item = bool>) -> Loss {
    const LEAST_LOGARITHM: f64 = -100.0;
    const LEAST_DENOMINATOR: f64 = 1e-12;
    let n = holds.len() as f64;
    let mut gradient = Vec::with_capacity(p.len());
    let mut sum = 0.0;
    for (p, holds) in p.iter().map(|p| f64::from(*p)).zip(holds) {
        let (right, target) = if holds { (p, 1.0) } else { (1.0 - p, 0.0) };
        // `max` would drop a NaN. The loss of a NaN must be NaN.
        sum -= if p.is_nan() { p } else { libm::log(right).max(LEAST_LOGARITHM) };
        gradient.push(((p - target) / ((1.0 - p) * p).max(LEAST_DENOMINATOR) / n) as f32);
    }
    Loss { value: (sum / n) as f32, gradient }
}

/// Mean binary cross-entropy of the sigmoid of `logits`, as PyTorch's `BCEWithLogitsLoss`:
/// max(x, 0) − x t + log(1 + e^−|x|).
pub(super) fn binary_cross_entropy_of_logits(logits: &[f32], classes: &[u32]) -> Loss {
    let n = classes.len() as f64;
    let mut gradient = Vec::with_capacity(logits.len());
    let mut sum = 0.0;
    for (x, class) in logits.iter().map(|x| f64::from(*x)).zip(classes) {
        let target = f64::from(*class);
        let small = libm::exp(-x.abs());
        // `max` would drop a NaN.
        let positive = if x > 0.0 { x } else { x * 0.0 };
        sum += positive - x * target + libm::log1p(small);
        let probability = if x >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
        gradient.push(((probability - target) / n) as f32);
    }
    Loss { value: (sum / n) as f32, gradient }
}

/// Mean over the rows of the cross-entropy of the softmax of `logits` with the class, as PyTorch's
/// `CrossEntropyLoss`: with `smoothing` s, the target of each of K classes is s / K, and that of the right class is
/// 1 − s more. With `weights`, one for each class, the mean is weighted by the class of each row.
pub(super) fn cross_entropy(
    logits: &[f32],
    classes: &[u32],
    smoothing: f64,
    weights: &[f64],
) -> Loss {
    let weight = |class: usize| weights.get(class).copied().unwrap_or(1.0);
    let n = classes.iter().map(|class| weight(*class as usize)).sum::<f64>();
    let width = logits.len() / classes.len();
    let mut gradient = Vec::with_capacity(logits.len());
    let mut exponentials = Vec::new();
    let mut sum = 0.0;
    for (row, class) in logits.chunks_exact(width).zip(classes) {
        let class = *class as usize;
        // The exponential of the difference to the largest value cannot overflow.
        let largest = row.iter().fold(f32::NEG_INFINITY, |largest, x| largest.max(*x));
        let difference = |x: f32| f64::from(x) - f64::from(largest);
        exponentials.clear();
        exponentials.extend(row.iter().map(|x| libm::exp(difference(*x))));
        let total: f64 = exponentials.iter().sum();
        if smoothing == 0.0 {
            let weight = weight(class);
            sum += weight * (libm::log(total) - difference(row[class]));
            gradient.extend(exponentials.iter().enumerate().map(|(index, exponential)| {
                let target = if index == class { 1.0 } else { 0.0 };
                (weight * (exponential / total - target) / n) as f32
            }));
            continue;
        }
        let share = smoothing / width as f64;
        let target = |index: usize| {
            weight(index) * (share + if index == class { 1.0 - smoothing } else { 0.0 })
        };
        let all: f64 = (0..width).map(target).sum();
        for (index, x) in row.iter().enumerate() {
            sum += target(index) * (libm::log(total) - difference(*x));
            gradient.push(((all * exponentials[index] / total - target(index)) / n) as f32);
        }
    }
    Loss { value: (sum / n) as f32, gradient }
}

/// Mean over the outputs of a function of their errors. `of_error` gives its value and its derivative.
pub(super) fn of_errors(
    outputs: &[f32],
    targets: &[f32],
    of_error: impl Fn(f64) -> [f64; 2],
) -> Loss {
    let n = targets.len() as f64;
    let errors = outputs.iter().zip(targets).map(|(y, t)| f64::from(*y) - f64::from(*t));
    let (mut sum, mut gradient) = (0.0, Vec::with_capacity(outputs.len()));
    for [value, slope] in errors.map(of_error) {
        sum += value;
        gradient.push((slope / n) as f32);
    }
    Loss { value: (sum / n) as f32, gradient }
}

/// e²
pub(super) fn squared(error: f64) -> [f64; 2] {
    [error * error, 2.0 * error]
}

/// |e|. Its derivative at 0 is 0.
pub(super) fn absolute(error: f64) -> [f64; 2] {
    let slope = if error == 0.0 { 0.0 } else { error.signum() };
    [error.abs(), if error.is_nan() { error } else { slope }]
}

/// ½ e² up to `delta`, and delta (|e| − ½ delta) beyond: PyTorch's `HuberLoss`.
pub(super) fn huber(delta: f64) -> impl Fn(f64) -> [f64; 2] {
    move |error| match error.abs() <= delta {
        true => [0.5 * error * error, error],
        false => [delta * (error.abs() - 0.5 * delta), delta * error.signum()],
    }
}
