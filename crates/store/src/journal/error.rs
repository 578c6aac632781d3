//! [`JournalError`]: why the journal could not be opened, written or read.

/// A failed journal operation.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process has the journal.
    #[error("another server uses this data directory{}", pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Locked {
        /// The process, as its lock file says.
        pid: Option<u32>,
    },
    /// A record that had been safe is missing or changed.
    #[error("journal segment {segment} is damaged at byte {offset}, record {seq}: {reason}")]
    Damaged {
        /// File name of the segment.
        segment: String,
        /// Where the record should start.
        offset: u64,
        /// Its sequence.
        seq: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// A file in the folder is no segment.
    #[error("{name} in the journal's folder is no segment of it")]
    Foreign {
        /// Its name.
        name: String,
    },
    /// A file could not be read or made.
    #[error("the journal's files cannot be used")]
    Io(#[from] std::io::Error),
    /// A record could not be written; nothing of it is recorded.
    #[error("the journal cannot be written")]
    Write(#[source] std::io::Error),
    /// Flushing failed twice; nothing is accepted until the disk works again.
    #[error("the journal's disk cannot be trusted")]
    Unwritable,
    /// Too much waits for a flush.
    #[error("the journal's disk is too slow: {bytes} bytes wait for a flush")]
    Backlog {
        /// How much waits.
        bytes: usize,
    },
    /// A value could not be encoded.
    #[error("a record cannot be encoded")]
    Encode(#[source] super::PackError),
    /// A record is larger than any settlement may be.
    #[error("a record of {bytes} bytes is too large")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The database has records that the journal does not: an old journal, or that of another directory.
    #[error("the database has records up to {drained}, the journal ends at {last}: an older copy of the journal?")]
    Behind {
        /// Position of the database.
        drained: u64,
        /// Last record of the journal.
        last: u64,
    },
    /// The database needs records that the journal no longer has.
    #[error(
        "the database needs records from {wanted} on, the journal begins at {first}: an older copy of the database?"
    )]
    Gone {
        /// First record that is needed.
        wanted: u64,
        /// First record that is there.
        first: u64,
    },
}
