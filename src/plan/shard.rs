//! A shard: a share of the runs that one of several machines trains.

use std::fmt;
use std::str::FromStr;

use crate::digest::Digest;

/// One of several shards. Each run is in exactly one of them, which its digest alone decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1 to `count`.
    index: u64,
    count: u64,
}

/// The largest number of shards.
const MOST: u64 = 1_000_000;

impl Shard {
    /// Whether the run with this digest is in the shard.
    #[must_use]
    pub fn contains(self, run: Digest) -> bool {
        let (first, _) = run.as_bytes().split_first_chunk().expect("a digest has 32 bytes");
        u64::from_be_bytes(*first) % self.count == self.index - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(index, count)| {
            Some(Self { index: index.parse().ok()?, count: count.parse().ok()? })
        });
        let is_valid =
            |shard: &Self| (1..=shard.count).contains(&shard.index) && shard.count <= MOST;
        numbers.filter(is_valid).ok_or_else(|| {
            format!("a shard is `I/N`, such as `1/3`: N from 1 to {MOST}, and I from 1 to N")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_is_in_exactly_one_shard_and_shards_are_about_equal() {
        let runs: Vec<_> = (0..3000u32).map(|n| Digest::of_bytes(&n.to_be_bytes())).collect();
        for count in [1, 2, 3, 7] {
            let shards: Vec<Shard> =
                (1..=count).map(|index| format!("{index}/{count}").parse().unwrap()).collect();
            for run in &runs {
                assert_eq!(shards.iter().filter(|shard| shard.contains(*run)).count(), 1);
            }
            let sizes =
                shards.iter().map(|one| runs.iter().filter(|run| one.contains(**run)).count());
            let expected = runs.len() / count;
            assert!(sizes.into_iter().all(|size| size.abs_diff(expected) < expected / 4));
        }
    }

    #[test]
    fn a_run_stays_in_its_shard() {
        let shard = |text: &str| text.parse::<Shard>().unwrap();
        // The SHA-256 of "abc" begins with ba7816bf8f01cfea, which is 0 modulo 3.
        let run = Digest::of_bytes(b"abc");
        assert_eq!(0xba78_16bf_8f01_cfea_u64 % 3, 0);
        assert!(shard("1/3").contains(run));
        assert!(!shard("2/3").contains(run) && !shard("3/3").contains(run));
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for text in ["", "1", "0/3", "4/3", "1/0", "-1/3", "1/3/3", "a/b", "1/9999999999", " 1/3"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
