//! A prototype of several seeds in one network: see "Several seeds in one network" in
//! `docs/performance.md`. It trains the fully connected network with operations of dfdx alone.
//!
//! `cargo run --release --example batched DEVICE SHARING SEEDS STEPS` prints the time of a step for each
//! seed. DEVICE is `cpu` or `cuda`, and SHARING is `true` or `false`. For `cuda`, build it with
//! `tests/cuda/cargo.sh build --example batched`. `counts.py` counts what a step asks of the device.
//! The test below compares each seed of a batch with the trainer of this crate, and with a batch of one.

use std::path::Path;
use std::time::Instant;

use dfdx::prelude::*;
use dfdx::tensor_ops::AdamConfig;

use report::dataset::{self, Rows, Split, Targets};
use report::pipeline::{self, Keep, Overrides};
use report::random::Stream;
use report::run::{self, DeviceKind, NetworkConfig, Optimizer, PairModel};

type Vector<D, T = NoneTape> = Tensor<(usize,), f32, D, T>;
type Matrix<D, T = NoneTape> = Tensor<(usize, usize), f32, D, T>;
/// One matrix for each seed.
type Stack<D, T = NoneTape> = Tensor<(usize, usize, usize), f32, D, T>;
type Taped<D> = OwnedTape<f32, D>;

/// A device whose gradients can be set.
trait SetGradient: Device<f32> {
    fn set_gradient(gradient: &mut <Self as Storage<f32>>::Vec, values: Vec<f32>);
}

impl SetGradient for Cpu {
    fn set_gradient(gradient: &mut <Self as Storage<f32>>::Vec, values: Vec<f32>) {
        gradient.copy_from_slice(&values);
    }
}

#[cfg(feature = "cuda")]
impl SetGradient for Cuda {
    fn set_gradient(gradient: &mut <Self as Storage<f32>>::Vec, values: Vec<f32>) {
        gradient.device().htod_copy_into(values, gradient).expect("a device");
    }
}

/// One parameter of all seeds, with the state of Adam.
struct Parameter<D: Device<f32>> {
    value: Vector<D>,
    moments: [Gradients<f32, D>; 2],
}

impl<D: Device<f32>> Parameter<D> {
    /// The values are `outer` blocks. Each block has those of the first seed, then those of the second,
    /// and so on.
    fn new(device: &D, of_seeds: &[Vec<f32>], outer: usize) -> Self {
        let block = of_seeds[0].len() / outer;
        let blocks = (0..outer).map(|index| index * block..(index + 1) * block);
        let values =
            blocks.flat_map(|at| of_seeds.iter().flat_map(move |own| own[at.clone()].to_vec()));
        let values: Vec<f32> = values.collect();
        let shape = (values.len(),);
        let value = device.tensor_from_vec(values, shape);
        Self { value, moments: [Gradients::leaky(), Gradients::leaky()] }
    }

    fn update(&mut self, adam: &AdamConfig, step: i32, gradients: &mut Gradients<f32, D>) {
        let gradient = gradients.get_or_alloc_mut(&self.value).expect("memory");
        let ghost = self.value.ghost();
        let [first, second] = &mut self.moments;
        let (first, second) = (first.get_or_alloc_mut(&ghost), second.get_or_alloc_mut(&ghost));
        let (first, second) = (first.expect("memory"), second.expect("memory"));
        adam.try_update(step, &mut self.value, first, second, gradient).expect("a device");
    }
}

/// The networks of some seeds of a condition.
struct Batched<D: SetGradient> {
    device: D,
    config: NetworkConfig,
    model: PairModel,
    seeds: Vec<u64>,
    /// Weight and bias of each linear layer, branch by branch. Those of the head come last.
    linear: Vec<[Parameter<D>; 2]>,
    outputs: Vec<usize>,
    /// Factor and summand of the batch-norm layer.
    normalization: [Parameter<D>; 2],
    /// Running mean and running variance of each seed.
    running: [Matrix<D>; 2],
    first_losses: Vec<[f64; 2]>,
    steps_done: i32,
}

/// The pairs of a step: their images on the device, and the classes of both digits.
struct Batch<D: Device<f32>> {
    images: Vec<Matrix<D>>,
    classes: [Vec<u32>; 2],
}

impl<D: SetGradient> Batched<D> {
    fn new(device: &D, config: &NetworkConfig, seeds: Vec<u64>) -> Self {
        let is_linear = |layer: &run::Layer| match layer {
            run::Layer::Linear { outputs } => Some(*outputs),
            _ => None,
        };
        let model = config.model.pair().expect("the shipped networks compare pairs").clone();
        let outputs: Vec<usize> = model.branch.iter().filter_map(is_linear).collect();
        let names: &[_] = if model.weight_sharing { &["first"] } else { &["first", "second"] };
        let mut linear = Vec::new();
        let mut append = |name: &str, sizes: &[usize], reads_images: bool| {
            let stream = |seed: &u64| Stream::new(*seed, &format!("initial/{name}"));
            let mut streams: Vec<Stream> = seeds.iter().map(stream).collect();
            for (layer, size) in sizes.windows(2).enumerate() {
                let bound = 1.0 / (size[0] as f32).sqrt();
                let mut draw = |n: usize, outer: usize| {
                    let own = |s: &mut Stream| (0..n).map(|_| s.symmetric(bound)).collect();
                    let of_seeds: Vec<Vec<f32>> = streams.iter_mut().map(own).collect();
                    Parameter::new(device, &of_seeds, outer)
                };
                // All seeds read the same images. So their first weights are side by side.
                let outer = if reads_images && layer == 0 { size[0] } else { 1 };
                linear.push([draw(size[0] * size[1], outer), draw(size[1], 1)]);
            }
        };
        let pixels = config.data.input().len();
        for name in names {
            append(name, &[&[pixels], &outputs[..]].concat(), true);
        }
        append("head", &[2 * config.data.classes(), 1], false);
        let constant = |value: f32| Parameter::new(device, &vec![vec![value]; seeds.len()], 1);
        let statistics =
            |value: f32| device.tensor_from_vec(vec![value; seeds.len()], (seeds.len(), 1));
        Self {
            linear,
            outputs,
            normalization: [constant(1.0), constant(0.0)],
            running: [statistics(0.0), statistics(1.0)],
            device: device.clone(),
            config: config.clone(),
            model,
            seeds,
            first_losses: Vec::new(),
            steps_done: 0,
        }
    }

    fn batches(&self, pairs: &Rows) -> Vec<Batch<D>> {
        let (n, pixels) = (self.config.train.batch_size, self.config.data.input().len());
        let batch = |start: usize| {
            let of_digit =
                |digit: usize| pairs.inputs[digit][start * pixels..][..n * pixels].to_vec();
            let upload = |images: Vec<f32>| {
                let shape = (images.len() / pixels, pixels);
                self.device.tensor_from_vec(images, shape)
            };
            let images = match self.model.weight_sharing {
                true => vec![upload([of_digit(0), of_digit(1)].concat())],
                false => vec![upload(of_digit(0)), upload(of_digit(1))],
            };
            let Targets::Pairs(classes) = &pairs.targets else {
                unreachable!("pairs have two classes")
            };
            let classes = classes.each_ref().map(|classes| classes[start..start + n].to_vec());
            Batch { images, classes }
        };
        (0..pairs.n).step_by(n).map(batch).collect()
    }

    /// The outputs of a branch for each seed.
    fn branch(&self, branch: usize, images: &Matrix<D>) -> Stack<D, Taped<D>> {
        let (seeds, rows) = (self.seeds.len(), images.shape().0);
        let layers = self.outputs.len();
        let first = &self.linear[branch * layers];
        let (inputs, columns) = (images.shape().1, seeds * self.outputs[0]);
        let weight = first[0].value.clone().reshape_like(&(inputs, columns));
        let y = images.retaped::<Taped<D>>().matmul(weight);
        let y = y + first[1].value.clone().broadcast_like::<_, Axis<0>>(&(rows, columns));
        let y = relu(&self.device, y).reshape_like(&(rows, seeds, self.outputs[0]));
        let mut y = y.permute::<(usize, usize, usize), Axes3<1, 0, 2>>();
        for layer in 1..layers {
            let y_next = self.linear(branch * layers + layer, self.outputs[layer], y);
            y = relu(&self.device, y_next);
        }
        y
    }

    fn linear(&self, index: usize, outputs: usize, x: Stack<D, Taped<D>>) -> Stack<D, Taped<D>> {
        let (seeds, rows, inputs) = *x.shape();
        let [weight, bias] = &self.linear[index];
        let y = x.matmul(weight.value.clone().reshape_like(&(seeds, inputs, outputs)));
        let bias = bias.value.clone().reshape_like(&(seeds, outputs));
        y + bias.broadcast_like::<_, Axis<1>>(&(seeds, rows, outputs))
    }

    /// Each seed is normalised with its own statistics.
    fn normalize(
        &self,
        epsilon: f32,
        x: Stack<D, Taped<D>>,
    ) -> (Stack<D, Taped<D>>, [Matrix<D>; 2]) {
        let shape = *x.shape();
        let mean = x.retaped::<Taped<D>>().mean::<_, Axis<1>>();
        let mean_values = mean.retaped::<NoneTape>();
        let centered = x - mean.broadcast_like::<_, Axis<1>>(&shape);
        let variance = centered.retaped::<Taped<D>>().square().mean::<_, Axis<1>>();
        let variance_values = variance.retaped::<NoneTape>();
        let spread = (variance + epsilon).sqrt().broadcast_like::<_, Axis<1>>(&shape);
        let [scale, shift] = self.normalization.each_ref().map(|parameter| {
            let value = parameter.value.clone().reshape_like(&(shape.0, shape.2));
            value.broadcast_like::<_, Axis<1>>(&shape)
        });
        (centered / spread * scale + shift, [mean_values, variance_values])
    }

    /// Updates all networks once. Returns the main loss and the auxiliary loss of each seed.
    fn step(&mut self, batch: &Batch<D>, dropout: &mut [Stream]) -> Vec<[f64; 2]> {
        let n = batch.classes[0].len();
        let mut branches: Vec<_> =
            batch.images.iter().enumerate().map(|(i, x)| self.branch(i, x)).collect();
        let [first, second] = match branches.len() {
            1 => {
                let (y, tape) = branches.remove(0).split_tape();
                let second = y.clone().put_tape(Taped::<D>::default()).slice((.., n.., ..));
                [y.put_tape(tape).slice((.., ..n, ..)), second].map(|part| {
                    let shape = *part.shape();
                    part.reshape_like(&(shape.0.size(), shape.1.size(), shape.2.size()))
                })
            }
            _ => {
                let second = branches.remove(1);
                [branches.remove(0), second]
            }
        };
        let digits = [first.retaped::<NoneTape>(), second.retaped::<NoneTape>()];
        let both = (first, second).concat_along(Axis::<2>);
        let mut x = self.linear(self.linear.len() - 1, 1, both);
        let mut observed = None;
        for layer in self.model.head.iter() {
            match *layer {
                run::Layer::BatchNorm { epsilon, momentum } => {
                    let (y, statistics) = self.normalize(epsilon as f32, x);
                    observed = Some((statistics, momentum as f32));
                    x = y;
                }
                run::Layer::Dropout { probability } => {
                    let probability = probability as f32;
                    let draw = |s: &mut Stream| match s.unit() < probability {
                        true => 0.0,
                        false => 1.0 / (1.0 - probability),
                    };
                    let own = |s: &mut Stream| (0..n).map(|_| draw(s)).collect::<Vec<f32>>();
                    let mask = dropout.iter_mut().flat_map(own).collect::<Vec<f32>>();
                    let shape = *x.shape();
                    x = x * self.device.tensor_from_vec(mask, shape);
                }
                run::Layer::Sigmoid => x = x.sigmoid(),
                _ => {}
            }
        }
        let (probabilities, mut tape) = x.split_tape();

        let outputs = [probabilities.as_vec(), digits[0].as_vec(), digits[1].as_vec()];
        let mut gradients = outputs.each_ref().map(|_| Vec::new());
        let mut losses = Vec::new();
        for seed in 0..self.seeds.len() {
            let [p, first, second] = outputs.each_ref().map(|all| {
                let own = all.len() / self.seeds.len();
                &all[seed * own..(seed + 1) * own]
            });
            let (main, of_p) = binary_cross_entropy(p, &batch.classes);
            let (auxiliary_first, of_first) = cross_entropy(first, &batch.classes[0]);
            let (auxiliary_second, of_second) = cross_entropy(second, &batch.classes[1]);
            let own = [main, auxiliary_first + auxiliary_second];
            if self.first_losses.len() == seed {
                self.first_losses.push(own);
            }
            let [main0, auxiliary0] = self.first_losses[seed];
            let parts = [(of_p, main0), (of_first, auxiliary0), (of_second, auxiliary0)];
            for (all, (part, divisor)) in gradients.iter_mut().zip(parts) {
                all.extend(part.iter().map(|x| (x / divisor) as f32));
            }
            losses.push(own);
        }
        let [of_p, of_first, of_second] = gradients;
        let [first, second] = digits;
        let objective: Tensor<Rank0, f32, D> = self.device.zeros();
        let ends = [(probabilities, of_p), (first, of_first), (second, of_second)];
        tape.add_backward_op(move |known| {
            for (output, gradient) in ends {
                D::set_gradient(known.get_or_alloc_mut(&output)?, gradient);
            }
            Ok(())
        });
        let mut gradients = objective.put_tape(tape).backward();

        self.steps_done += 1;
        let Optimizer::Adam { lr, beta1, beta2, epsilon, .. } = self.config.train.optimizer else {
            unreachable!("the condition has Adam")
        };
        let adam = AdamConfig { lr, betas: [beta1, beta2], eps: epsilon, weight_decay: None };
        for parameter in self.linear.iter_mut().flatten().chain(&mut self.normalization) {
            parameter.update(&adam, self.steps_done, &mut gradients);
        }
        let (observed, momentum) = observed.expect("the head has batch-norm");
        let n = n as f32;
        for ((running, observed), factor) in
            self.running.iter_mut().zip(observed).zip([1.0, n / (n - 1.0)])
        {
            *running = running.clone() * (1.0 - momentum) + observed * (momentum * factor);
        }
        losses
    }

    /// Trains for some steps of the first epoch, which begins again after its last step. Returns the
    /// losses of each step.
    fn train(&mut self, split: &Split, steps: usize) -> Vec<Vec<[f64; 2]>> {
        let batches = self.batches(&split.train);
        let mut dropout: Vec<Stream> =
            self.seeds.iter().map(|seed| Stream::new(*seed, "dropout/train/0")).collect();
        batches.iter().cycle().take(steps).map(|batch| self.step(batch, &mut dropout)).collect()
    }
}

fn relu<S: Shape, D: Device<f32>>(
    device: &D,
    x: Tensor<S, f32, D, Taped<D>>,
) -> Tensor<S, f32, D, Taped<D>> {
    let passes = !x.retaped::<NoneTape>().le(0.0);
    let zeros: Tensor<S, f32, D> = device.zeros_like(x.shape());
    passes.choose(x, zeros)
}

/// The loss of a head, and its gradient.
fn binary_cross_entropy(p: &[f32], [a, b]: &[Vec<u32>; 2]) -> (f64, Vec<f64>) {
    let n = p.len() as f64;
    let terms = p.iter().map(|p| f64::from(*p)).zip(a.iter().zip(b)).map(|(p, (a, b))| {
        let (right, target) = if a <= b { (p, 1.0) } else { (1.0 - p, 0.0) };
        (-right.ln().max(-100.0) / n, (p - target) / ((1.0 - p) * p).max(1e-12) / n)
    });
    let (losses, gradient): (Vec<f64>, Vec<f64>) = terms.unzip();
    (losses.iter().sum(), gradient)
}

/// The loss of a branch, and its gradient.
fn cross_entropy(outputs: &[f32], classes: &[u32]) -> (f64, Vec<f64>) {
    let n = classes.len() as f64;
    let (mut loss, mut gradient) = (0.0, Vec::new());
    for (row, class) in outputs.chunks_exact(outputs.len() / classes.len()).zip(classes) {
        let exponentials: Vec<f64> = row.iter().map(|x| f64::from(*x).exp()).collect();
        let total: f64 = exponentials.iter().sum();
        let class = *class as usize;
        loss -= (exponentials[class] / total).ln() / n;
        let target = |index| if index == class { 1.0 } else { 0.0 };
        gradient.extend(exponentials.iter().enumerate().map(|(i, e)| (e / total - target(i)) / n));
    }
    (loss, gradient)
}

/// The fully connected conditions with the auxiliary loss, and their pairs.
fn conditions(train_pairs: usize) -> Vec<(NetworkConfig, Split)> {
    let overrides = Overrides { seeds: Some(1), ..Overrides::default() };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = pipeline::load(root, &overrides).expect("the shipped experiments");
    let plan =
        pipeline::plan(&project, DeviceKind::Cpu, Keep::States).expect("the shipped experiments");
    let conditions = project.conditions();
    let is_wanted = |condition| conditions.experiment(condition).name == "fully-connected";
    let configs = plan.runs.iter().filter(|run| is_wanted(run.condition));
    let configs = configs.filter_map(|run| run.config.network().cloned());
    let configs = configs.filter(|config| config.train.auxiliary_loss == Some(true));
    let digits = dataset::embedded().expect("the embedded digits");
    configs
        .map(|mut config| {
            config.data.pairs_mut().expect("pairs").train_pairs = train_pairs;
            let split = dataset::draw(&config.data, &digits).expect("enough digits").remove(0);
            (config, split)
        })
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a script reads what it prints"
)]
fn time<D: SetGradient>(device: &D, sharing: bool, seeds: u64, steps: usize) {
    let mut conditions = conditions(1000).into_iter();
    let found = conditions
        .find(|(config, _)| config.model.pair().is_some_and(|pair| pair.weight_sharing == sharing));
    let (config, split) = found.expect("both conditions are shipped");
    let mut networks = Batched::new(device, &config, (0..seeds).collect());
    let start = Instant::now();
    let losses = networks.train(&split, steps);
    let each = start.elapsed().as_secs_f64() * 1e3 / (steps as f64 * seeds as f64);
    println!("{each:.3} ms a step and seed; last losses of seed 0: {:?}", losses[steps - 1][0]);
}

#[expect(clippy::disallowed_methods, reason = "a program of its own")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| arguments.get(index).and_then(|text| text.parse::<u32>().ok());
    let sharing = arguments.get(1).and_then(|text| text.parse().ok());
    let (Some(device), Some(sharing), Some(seeds), Some(steps)) =
        (arguments.first(), sharing, number(2), number(3))
    else {
        panic!("usage: batched cpu|cuda true|false SEEDS STEPS");
    };
    match device.as_str() {
        #[cfg(feature = "cuda")]
        "cuda" => {
            let device = Cuda::seed_from_u64(0);
            device.enable_cache();
            time(&device, sharing, seeds.into(), steps as usize);
        }
        "cpu" => time(&Cpu::default(), sharing, seeds.into(), steps as usize),
        other => panic!("this binary has no device `{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use report::task::pair_curves::{TRAIN_AUXILIARY_LOSS, TRAIN_MAIN_LOSS};
    use report::train::{DfdxTrainer, Trainer as _};

    #[test]
    fn each_seed_of_a_batch_learns_what_it_learns_alone_and_in_the_trainer() {
        const SEEDS: usize = 3;
        let distance = |a: f64, b: f64| (a - b).abs() / b.abs().max(1.0);
        for (config, split) in conditions(300) {
            let steps = config.data.sizes()[0] / config.train.batch_size;
            let train = |seeds: Vec<u64>| {
                let mut networks = Batched::new(&Cpu::default(), &config, seeds);
                let losses = networks.train(&split, steps);
                (networks, losses)
            };
            let (together, losses) = train((0..SEEDS as u64).collect());
            let pixels = config.data.input().len();
            let parameters = |networks: &Batched<Cpu>, seed: usize| -> Vec<f32> {
                let (n, layers) = (networks.seeds.len(), networks.outputs.len());
                let is_first = |index: usize| {
                    index.is_multiple_of(layers) && index + 1 < networks.linear.len()
                };
                let linear =
                    networks.linear.iter().enumerate().flat_map(|(index, [weight, bias])| {
                        [(weight, if is_first(index) { pixels } else { 1 }), (bias, 1)]
                    });
                let all =
                    linear.chain(networks.normalization.iter().map(|parameter| (parameter, 1)));
                let of_seed = |(parameter, outer): (&Parameter<Cpu>, usize)| {
                    let values = parameter.value.as_vec();
                    let blocks = values.chunks_exact(values.len() / outer / n);
                    blocks.skip(seed).step_by(n).flatten().copied().collect::<Vec<f32>>()
                };
                all.flat_map(of_seed).collect()
            };
            for seed in 0..SEEDS {
                let (alone, losses_alone) = train(vec![seed as u64]);
                let mut worst = [0.0f64; 3];
                for (own, other) in losses.iter().zip(&losses_alone) {
                    for (own, other) in own[seed].iter().zip(other[0]) {
                        worst[0] = worst[0].max(distance(*own, other));
                    }
                }
                let pairs = parameters(&together, seed).into_iter().zip(parameters(&alone, 0));
                for (own, other) in pairs {
                    worst[1] = worst[1].max(distance(own.into(), other.into()));
                }
                let one_epoch = run::TrainConfig { epochs: 1, ..config.train.clone() };
                let one_epoch =
                    NetworkConfig { train: one_epoch, seed: seed as u64, ..config.clone() };
                let trained = DfdxTrainer::default().train(&one_epoch, &split).expect("a CPU");
                for (index, curve) in
                    [&TRAIN_MAIN_LOSS, &TRAIN_AUXILIARY_LOSS].into_iter().enumerate()
                {
                    let sum: f64 = losses.iter().map(|step| step[seed][index]).sum();
                    let mean = trained.curves.get(curve)[0];
                    worst[2] = worst[2].max(distance(sum / steps as f64, mean));
                }
                assert!(worst.iter().all(|distance| *distance < 1e-4), "{worst:?}");
            }
        }
    }
}
