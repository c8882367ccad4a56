//! CUDA devices: which there are, and threads that train on them.
//!
//! Each worker has a thread that opens its device once and trains all its runs. Two threads never
//! share what dfdx opens, because one cuBLAS handle serves one thread at a time.
//!
//! After some errors, such as a kernel that reads a wrong address, a device fails at every call until
//! the process ends. The destructors of dfdx panic when a call fails, and a second panic would end the
//! process. So a thread whose device has failed destroys nothing: it reports the failure and sleeps
//! until the process ends. For the same reason, no thread closes its device.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Once;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use cudarc::driver::{DriverError, result};
use dfdx::prelude::{Cache as _, Cuda, CudaError, Synchronize as _};

use super::device::{Device, DeviceError};
use super::dfdx_operations::DfdxOperations;
use super::named::NamedTensor;
use super::trainer::{TrainError, Training, Watch};
use super::training_loop;
use crate::dataset::Split;
use crate::run::{Curves, NetworkConfig};

/// Checks that the driver has the device. dfdx would panic where there is none.
pub(super) fn check(number: usize) -> Result<(), DeviceError> {
    let failed = |error: DriverError| DeviceError::Driver(driver_message(error));
    result::init().map_err(failed)?;
    let count = result::device::get_count().map_err(failed)?;
    let count = usize::try_from(count).unwrap_or(0);
    match number < count {
        true => Ok(()),
        false => Err(DeviceError::NotFound { device: Device::Cuda(number), count }),
    }
}

/// The result of a run, and the tensors of its network if they were asked for and it has not diverged.
type Trained = (Training, Option<Vec<NamedTensor>>);

/// Trains a run on the device of this worker, and tells `watch` the curves at the end of each epoch. Also returns the
/// tensors of its network if `keeps_network`.
pub(super) fn train(
    number: usize,
    config: &NetworkConfig,
    split: &Split,
    keeps_network: bool,
    watch: Watch<'_>,
) -> Result<Trained, TrainError> {
    thread_local! {
        static DEVICE: RefCell<Option<DeviceThread>> = const { RefCell::new(None) };
    }
    DEVICE.with_borrow_mut(|device| {
        let thread = match device {
            Some(thread) if thread.number == number => thread,
            other => other.insert(DeviceThread::start(number)?),
        };
        thread.train(config, split, keeps_network, watch)
    })
}

/// A thread that trains runs on one device.
struct DeviceThread {
    number: usize,
    jobs: Sender<Job>,
    /// Why the device cannot be used any more.
    lost: Option<String>,
}

/// A run to train.
struct Job {
    config: NetworkConfig,
    split: Split,
    keeps_network: bool,
    answer: Sender<Answer>,
}

/// How far a job is, or how it ended.
enum Answer {
    /// An epoch has ended. The job goes on.
    Epoch(Curves),
    Done(Result<Trained, TrainError>),
    Panicked(Box<dyn Any + Send>),
    /// The device cannot be used any more.
    Lost(String),
}

impl DeviceThread {
    fn start(number: usize) -> Result<Self, TrainError> {
        check(number).map_err(|error| TrainError::Device(error.to_string()))?;
        sleep_when_a_device_fails();
        let (jobs, waiting) = mpsc::channel();
        let started = thread::Builder::new().spawn(move || work(number, &waiting));
        started.map_err(|error| TrainError::Device(format!("no thread for it: {error}")))?;
        Ok(Self { number, jobs, lost: None })
    }

    fn train(
        &mut self,
        config: &NetworkConfig,
        split: &Split,
        keeps_network: bool,
        watch: Watch<'_>,
    ) -> Result<Trained, TrainError> {
        if self.lost.is_none() {
            let (answer, answers) = mpsc::channel();
            let job = Job { config: config.clone(), split: split.clone(), keeps_network, answer };
            // If the thread has ended, the job is dropped with its sender, and no answer comes.
            drop(self.jobs.send(job));
            let answer = loop {
                match answers.recv() {
                    Ok(Answer::Epoch(curves)) => watch(&curves),
                    end => break end.ok(),
                }
            };
            match answer {
                Some(Answer::Done(result)) => return result,
                Some(Answer::Panicked(panic)) => resume_unwind(panic),
                Some(Answer::Lost(reason)) => self.lost = Some(reason),
                Some(Answer::Epoch(_)) | None => {
                    self.lost = Some("its thread has ended".to_owned());
                }
            }
        }
        let reason = self.lost.clone().unwrap_or_default();
        Err(TrainError::DeviceLost { device: Device::Cuda(self.number), reason })
    }
}

thread_local! {
    /// The open device of a device thread.
    static OPEN: RefCell<Option<Cuda>> = const { RefCell::new(None) };
    /// Where a device thread sends the answer to its job.
    static ANSWER: RefCell<Option<Sender<Answer>>> = const { RefCell::new(None) };
}

/// Trains runs until the worker ends.
fn work(number: usize, jobs: &Receiver<Job>) {
    for Job { config, split, keeps_network, answer } in jobs {
        ANSWER.set(Some(answer.clone()));
        let train = || {
            let device = open(number)?;
            let operations = DfdxOperations::new(device.clone());
            // If the worker has ended, nobody listens.
            let tell = |curves: &Curves| drop(answer.send(Answer::Epoch(curves.clone())));
            let result = training_loop::train(operations, &config, &split, keeps_network, &tell);
            // Other runs may need other sizes.
            device.try_empty_cache().map_err(|error| TrainError::Device(message(&error)))?;
            result
        };
        let result = match catch_unwind(AssertUnwindSafe(train)) {
            Ok(result) => Answer::Done(result),
            Err(panic) => Answer::Panicked(panic),
        };
        // If the worker has ended, nobody waits for the answer.
        let _ = answer.send(result);
    }
    // The end of the process closes the device.
    std::mem::forget(OPEN.take());
}

/// The device of this thread.
fn open(number: usize) -> Result<Cuda, TrainError> {
    OPEN.with_borrow_mut(|open| {
        if let Some(device) = open {
            return Ok(device.clone());
        }
        // dfdx asks for the seed of a generator. Nothing draws from that generator.
        let device = Cuda::try_build(number, 0);
        let device = device.map_err(|error| TrainError::Device(message(&error)))?;
        // The memory of a dropped tensor serves the next tensor of its size.
        device.enable_cache();
        Ok(open.insert(device).clone())
    })
}

/// Makes each device thread sleep for ever instead of unwinding, if its device has failed.
fn sleep_when_a_device_fails() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let otherwise = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if let Some(answer) = ANSWER.take()
                && let Some(reason) = failure()
            {
                let _ = answer.send(Answer::Lost(reason));
                loop {
                    thread::park();
                }
            }
            otherwise(info);
        }));
    });
}

/// Why the device of this thread fails at every call. Returns `None` if it works.
fn failure() -> Option<String> {
    OPEN.with(|open| match open.try_borrow().as_deref() {
        Ok(Some(device)) => device.try_synchronize().err().map(|error| message(&error)),
        Ok(None) => None,
        // `open` holds it.
        Err(_) => Some("it failed while it was opened".to_owned()),
    })
}

/// What went wrong, as a user reads it.
fn message(error: &CudaError) -> String {
    match error {
        CudaError::Driver(error) => driver_message(*error),
        other => other.to_string(),
    }
}

fn driver_message(error: DriverError) -> String {
    let text = error.error_string().map(|text| text.to_string_lossy().into_owned());
    text.unwrap_or_else(|_| format!("error {:?}", error.0))
}
