//! Damage to files between two starts: a torn end is cut off, anything else is refused by name.

use crate::contract::fixture::{account_id, key_id, noon, opening, settlement};
use crate::journal::{Journal, JournalError, JournalOptions, undrained};
use std::fs;
use std::path::{Path, PathBuf};

fn options() -> JournalOptions {
    JournalOptions { segment_bytes: 8000, flush_interval: None, ..JournalOptions::default() }
}

/// A journal of several flushed segments, with one open generation.
fn filled(folder: &Path) -> Vec<PathBuf> {
    let (journal, _) = Journal::open(folder, options()).expect("opens");
    journal.open_record(&opening(99, account_id(1), key_id(1), noon())).expect("writes");
    for number in 0..20 {
        journal.close(&settlement(number, account_id(1), key_id(1), noon())).expect("writes");
        journal.flush().expect("flushes");
    }
    drop(journal);
    segments(folder)
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("folder")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "journal"))
        .collect();
    files.sort();
    files
}

fn reopened(folder: &Path) -> Result<usize, JournalError> {
    let (journal, recovered) = Journal::open(folder, options())?;
    assert_eq!(recovered.interrupted.len(), 1);
    drop(journal);
    Ok(undrained(folder, 0).expect("reads").len())
}

#[test]
fn a_clean_stop_keeps_everything() {
    let folder = tempfile::tempdir().expect("folder");
    assert!(filled(folder.path()).len() >= 4);
    for _ in 0..3 {
        assert_eq!(reopened(folder.path()).expect("opens"), 20);
    }
}

#[test]
fn a_torn_or_zeroed_end_is_cut_silently() {
    for zeros in [0, 1, 100, 5000] {
        let folder = tempfile::tempdir().expect("folder");
        let files = filled(folder.path());
        let last = files.last().expect("segment");
        let mut bytes = fs::read(last).expect("reads");
        // A record that was never flushed begins, and the file ends inside it.
        bytes.extend_from_slice(&[200, 1, 0, 0, 9, 9, 9]);
        bytes.extend(std::iter::repeat_n(0, zeros));
        fs::write(last, bytes).expect("writes");
        assert_eq!(reopened(folder.path()).expect("opens"), 20, "{zeros} zeros");
        assert_eq!(reopened(folder.path()).expect("opens"), 20, "and again");
    }
}

#[test]
fn a_flipped_bit_in_the_middle_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("folder");
    let files = filled(folder.path());
    for (number, file) in files.iter().enumerate() {
        let good = fs::read(file).expect("reads");
        for place in [20, 40, good.len() / 2] {
            let mut bad = good.clone();
            bad[place] ^= 4;
            fs::write(file, &bad).expect("writes");
            let error = reopened(folder.path()).expect_err("refuses");
            let name = file.file_name().expect("name").to_string_lossy().into_owned();
            assert!(
                matches!(&error, JournalError::Damaged { segment, .. } if *segment == name),
                "segment {number}, byte {place}: {error}"
            );
        }
        fs::write(file, &good).expect("writes");
    }
    assert_eq!(reopened(folder.path()).expect("opens"), 20, "repaired");
}

#[test]
fn a_missing_segment_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let files = filled(folder.path());
    for file in &files[1..files.len() - 1] {
        let bytes = fs::read(file).expect("reads");
        fs::remove_file(file).expect("removes");
        assert!(matches!(reopened(folder.path()), Err(JournalError::Damaged { .. })));
        fs::write(file, bytes).expect("writes");
    }
    assert_eq!(reopened(folder.path()).expect("opens"), 20);
}

#[test]
fn a_duplicated_segment_is_refused_under_any_name() {
    let folder = tempfile::tempdir().expect("folder");
    let files = filled(folder.path());
    let name = files[1].file_name().expect("name").to_string_lossy().into_owned();
    let (first, epoch) = name.strip_suffix(".journal").and_then(|name| name.split_once('-')).expect("form");
    let later: u64 = first.parse::<u64>().expect("number") + 1;
    for copy in [
        format!("copy-of-{name}"),
        format!("{name}.bak"),
        format!("{later:020}-{epoch}.journal"),
        format!("{first}-0000000009.journal"),
    ] {
        let copy = folder.path().join(copy);
        fs::copy(&files[1], &copy).expect("copies");
        let refused = reopened(folder.path());
        assert!(matches!(refused, Err(JournalError::Foreign { .. } | JournalError::Damaged { .. })), "{copy:?}");
        fs::remove_file(&copy).expect("removes");
        assert_eq!(reopened(folder.path()).expect("opens"), 20, "{copy:?}");
    }
}

#[test]
fn a_second_server_is_refused_until_the_first_has_stopped() {
    let folder = tempfile::tempdir().expect("folder");
    let (first, _) = Journal::open(folder.path(), JournalOptions::default()).expect("opens");
    let error = Journal::open(folder.path(), JournalOptions::default()).expect_err("refuses");
    assert!(matches!(error, JournalError::Locked { pid: Some(pid) } if pid == std::process::id()));
    assert!(error.to_string().starts_with("another server uses this data directory"));
    drop(first);
    Journal::open(folder.path(), JournalOptions::default()).expect("opens");
}

#[test]
fn an_auditor_reads_beside_the_writer() {
    let folder = tempfile::tempdir().expect("folder");
    let (journal, _) = Journal::open(folder.path(), options()).expect("opens");
    assert!(undrained(folder.path(), 0).expect("reads").is_empty());
    let mut last = 0;
    for number in 0..20 {
        last = journal.close(&settlement(number, account_id(1), key_id(1), noon())).expect("writes");
    }
    // Written is enough for an auditor; flushed is not needed.
    assert_eq!(undrained(folder.path(), 0).expect("reads").len(), 20);
    assert_eq!(undrained(folder.path(), last - 3).expect("reads").len(), 3);
    assert!(undrained(folder.path(), last).expect("reads").is_empty());
    assert!(undrained(&folder.path().join("nowhere"), 0).expect("reads").is_empty());
}
