//! `cargo xtask fuzz`: random bytes against everything that reads what strangers wrote.
//!
//! Coverage-guided fuzzing needs a nightly compiler; this runs on the stable one. Inputs are mutations of committed ones. A
//! target tells in which way it reacted, and an input that makes it react in a new way is mutated further. Every run is
//! reproducible from its seed; a failing input is written to `target/fuzz`.

mod mutate;
mod targets;

use anyhow::{Context as _, bail, ensure};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use std::collections::HashSet;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use targets::Target;

/// Most inputs that are mutated further.
const POOL_MAX: usize = 4096;
/// Largest input in bytes.
const INPUT_MAX: usize = 64 << 10;
/// Inputs between two looks at the clock.
const ROUND: usize = 64;

/// Runs the command.
///
/// # Errors
/// For unknown options and targets, and when a target fails: it panics, or a property does not hold.
pub fn run(arguments: impl Iterator<Item = String>) -> anyhow::Result<ExitCode> {
    let (wanted, time, seed) = options(arguments)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut out = std::io::stdout().lock();
    // A panic is caught and reported with its input.
    std::panic::set_hook(Box::new(|_panic| {}));
    for target in targets::ALL.iter().filter(|target| wanted.as_deref().is_none_or(|wanted| wanted == target.name)) {
        let report = fuzz(target, &root, time, seed)?;
        writeln!(
            out,
            "fuzz {}: {} inputs in {} s, {} reactions, seed {seed}, clean",
            target.name,
            report.inputs,
            time.as_secs(),
            report.reactions
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

fn options(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<(Option<String>, Duration, u64)> {
    let (mut target, mut seconds, mut seed) = (None, 300, 1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--target" => target = Some(value),
            "--minutes" => seconds = value.parse::<u64>()?.saturating_mul(60),
            "--seconds" => seconds = value.parse()?,
            "--seed" => seed = value.parse()?,
            other => bail!("no such option: {other}; there are --target, --minutes, --seconds and --seed"),
        }
    }
    let names: Vec<&str> = targets::ALL.iter().map(|target| target.name).collect();
    ensure!(
        target.as_deref().is_none_or(|target| names.contains(&target)),
        "there are the targets {}",
        names.join(", ")
    );
    Ok((target, Duration::from_secs(seconds), seed))
}

struct Report {
    inputs: u64,
    reactions: usize,
}

fn fuzz(target: &Target, root: &Path, time: Duration, seed: u64) -> anyhow::Result<Report> {
    let mut pool = corpus(target, root)?;
    ensure!(!pool.is_empty(), "{} has no corpus", target.name);
    let (known, mut random) = (pool.len(), SmallRng::seed_from_u64(seed));
    let (mut seen, mut inputs) = (HashSet::new(), 0);
    for input in &pool {
        seen.insert(react(target, input, root, seed)?);
    }
    let started = Instant::now();
    while started.elapsed() < time {
        for _ in 0..ROUND {
            let input = mutate::mutate(&pool, INPUT_MAX, &mut random);
            inputs += 1;
            if seen.insert(react(target, &input, root, seed)?) {
                if pool.len() < POOL_MAX {
                    pool.push(input);
                } else {
                    let at = random.random_range(known..POOL_MAX.max(known + 1));
                    if let Some(place) = pool.get_mut(at) {
                        *place = input;
                    }
                }
            }
        }
    }
    Ok(Report { inputs, reactions: seen.len() })
}

/// Runs a target on one input; keeps the input when it fails.
fn react(target: &Target, input: &[u8], root: &Path, seed: u64) -> anyhow::Result<u64> {
    let reaction = match catch_unwind(AssertUnwindSafe(|| (target.run)(input))) {
        Ok(Ok(reaction)) => return Ok(reaction),
        Ok(Err(broken)) => broken.to_string(),
        Err(panic) => panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "panicked".to_owned()),
    };
    let folder = root.join("target/fuzz");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{}-{seed}.bin", target.name));
    std::fs::write(&file, input)?;
    bail!("{} fails, seed {seed}, input in {}: {reaction}", target.name, file.display())
}

/// The committed inputs of a target: all files below its folders.
fn corpus(target: &Target, root: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut folders: Vec<PathBuf> = target.corpora.iter().map(|folder| root.join(folder)).collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("corpus {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut inputs = Vec::with_capacity(files.len());
    for file in files {
        let bytes = std::fs::read(file)?;
        // Texts with one input per line are many inputs.
        if target.is_by_line {
            inputs.extend(bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec));
        } else if bytes.len() <= INPUT_MAX {
            inputs.push(bytes);
        }
    }
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use super::{corpus, fuzz, targets};
    use std::path::Path;
    use std::time::Duration;

    #[test]
    fn every_target_takes_its_corpus_and_what_follows_from_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for target in targets::ALL {
            assert!(corpus(target, &root).unwrap().len() >= 5, "{}", target.name);
            let report = fuzz(target, &root, Duration::from_millis(200), 7).unwrap();
            assert!(report.inputs > 0 && report.reactions > 1, "{}", target.name);
        }
    }

    #[test]
    fn a_target_that_fails_is_noticed() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("corpus")).unwrap();
        std::fs::write(root.path().join("corpus/a"), "harmless").unwrap();
        for run in
            [(|input: &[u8]| if input == b"harmless" { Ok(0) } else { panic!("tripped") }) as targets::Run, |input| {
                if input == b"harmless" { Ok(0) } else { Err(anyhow::anyhow!("tripped")) }
            }]
        {
            let target = targets::Target { name: "seeded", corpora: &["corpus"], is_by_line: false, run };
            let error = fuzz(&target, root.path(), Duration::from_secs(20), 7).err().unwrap().to_string();
            assert!(error.contains("tripped") && root.path().join("target/fuzz/seeded-7.bin").exists(), "{error}");
        }
    }
}
