//! More than a million mutilated files, of the kinds that this program reads: no panic, no hang, no
//! end of the memory. The same on every machine: mutations are drawn from named streams.

use std::process::Command;
use std::time::{Duration, Instant};

use report::cache;
use report::dataset;
use report::digest::Digest;
use report::document;
use report::experiment::Experiment;
use report::paper::Vocabulary;
use report::pipeline::PaperFile;
use report::random::Stream;

use crate::key::FIND;
use crate::project::{Project, repository};

/// Mutilated files of each kind.
const CASES: usize = 250_000;

/// What a mutation may put in.
const WORDS: [&str; 32] = [
    "\"",
    "'",
    "\"\"\"",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "\n",
    "#",
    "-",
    "1e999",
    "nan",
    "inf",
    "-0.0",
    "99999999999999999999",
    "9223372036854775807",
    "0.1",
    "true",
    "seeds = 2\n",
    "[model]\n",
    "\u{202e}",
    "\u{0}",
    "extends = \"deep.toml\"\n",
    "1979-05-27",
    "\\u0000",
    "null",
    "layer = \"conv2d\"",
];

/// A few random changes of `original`.
fn mutilated(original: &[u8], stream: &mut Stream) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=stream.below(4) {
        let len = bytes.len() as u32;
        let at = stream.below(len + 1) as usize;
        let end = (at + stream.below(40) as usize).min(bytes.len());
        match stream.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << stream.below(8),
            1 if at < bytes.len() => bytes[at] = stream.below(256) as u8,
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(at),
            4 => {
                let copied = bytes[at..end].to_vec();
                let to = stream.below(len + 1) as usize;
                bytes.splice(to..to, copied);
            }
            5 => {
                // A number becomes another.
                let digits = bytes.iter().skip(at).position(u8::is_ascii_digit).map(|n| at + n);
                if let Some(digit) = digits {
                    let number =
                        [b"0".as_slice(), b"-1", b"65536", b"4294967296", b"1e400", b"0.5"];
                    let number = number[stream.below(6) as usize].to_vec();
                    bytes.splice(digit..=digit, number);
                }
            }
            _ => {
                let word = WORDS[stream.below(WORDS.len() as u32) as usize];
                bytes.splice(at..at, word.bytes());
            }
        }
    }
    bytes
}

/// Reads so many mutilations of the originals; returns how many were accepted.
fn survive(kind: &str, originals: &[Vec<u8>], read: impl Fn(&[u8]) -> bool) -> usize {
    let mut stream = Stream::new(0, kind);
    let mut accepted = 0;
    for case in 0..CASES {
        let bytes = mutilated(&originals[case % originals.len()], &mut stream);
        let started = Instant::now();
        accepted += usize::from(read(&bytes));
        let took = started.elapsed();
        // A hang takes for ever, and a busy machine some seconds.
        assert!(took < Duration::from_mins(1), "case {case} of {kind} took {took:?}");
    }
    accepted
}

fn shipped(name: &str) -> Vec<u8> {
    std::fs::read(repository().join("experiments").join(name)).unwrap()
}

fn experiment(name: &str, bytes: &[u8]) -> Result<Experiment, ()> {
    let text = str::from_utf8(bytes).map_err(drop)?;
    let file = document::parse(name, text).map_err(drop)?;
    let base = str::from_utf8(&shipped("base/protocol.toml")).unwrap().to_owned();
    let base = document::parse("base.toml", &base).unwrap();
    Experiment::from_documents("deep", file, vec![base], FIND).map_err(drop)
}

/// Not a test of its own: [`a_million_mutilated_files_do_no_harm`] runs it with little memory.
#[test]
#[ignore = "run with a limit on memory by another test"]
fn cases() {
    let deep = ["deep.toml", "fully-connected.toml"].map(shipped);
    let accepted = survive("experiments", &deep, |bytes| experiment("deep.toml", bytes).is_ok());
    assert!((1..CASES).contains(&accepted), "{accepted}");

    let known: Vec<_> = ["deep", "deep-sigmoid", "fully-connected"]
        .into_iter()
        .map(|name| {
            let mut experiment = experiment(name, &shipped(&format!("{name}.toml"))).unwrap();
            name.clone_into(&mut experiment.name);
            experiment
        })
        .collect();
    let vocabulary = Vocabulary::of(&known);
    let accepted = survive("papers", &[shipped("paper.toml")], |bytes| {
        let Ok(text) = str::from_utf8(bytes) else { return false };
        let document = document::parse("paper.toml", text);
        document.is_ok_and(|document| PaperFile::read(&document, &vocabulary).is_ok())
    });
    assert!((1..CASES).contains(&accepted), "{accepted}");

    // Two digits for training and two for testing, as plain files.
    let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28][..], &[7; 2 * 784]].concat();
    let labels = [0, 0, 8, 1, 0, 0, 0, 2, 4, 9].to_vec();
    let read = |images: &[u8], labels: &[u8]| {
        dataset::standard(["a", "b", "c", "d"], [images, labels, images, labels]).is_ok()
    };
    assert!(read(&images, &labels));
    let accepted = survive("images", std::slice::from_ref(&images), |bytes| read(bytes, &labels));
    assert!((1..CASES).contains(&accepted), "{accepted}");
    let accepted = survive("labels", std::slice::from_ref(&labels), |bytes| read(&images, bytes));
    assert!((1..CASES).contains(&accepted), "{accepted}");

    let project = Project::new();
    project.build(&["--only", "fully-connected", "--seeds", "1"]);
    let file = project.record_files().remove(0);
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let digest = Digest::try_from(name).unwrap();
    let record = std::fs::read(file).unwrap();
    let accepted = survive("records", std::slice::from_ref(&record), |bytes| {
        let is_sound = cache::read_past(bytes, digest).is_ok();
        // Only a mutation that changes nothing leaves a sound record.
        assert!(!is_sound || bytes == record);
        is_sound
    });
    assert!(accepted < CASES / 10, "{accepted}");
}

#[test]
fn a_million_mutilated_files_do_no_harm() {
    let test = std::env::current_exe().unwrap();
    let limit = if cfg!(unix) { "ulimit -v 3000000; " } else { "" };
    let script =
        format!("{limit}exec {} --exact hostile::cases --ignored --nocapture", test.display());
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}
