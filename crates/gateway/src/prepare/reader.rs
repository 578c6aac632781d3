//! The text of documents, read in a process that may fail.

use crate::settings::DocumentSettings;
use bytes::Bytes;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

/// What the exit codes of the document process mean.
pub mod document_exit {
    /// The whole text was written.
    pub const WHOLE: u8 = 0;
    /// The process could not do its work.
    pub const FAILED: u8 = 1;
    /// The bytes are no document that can be read.
    pub const UNREADABLE: u8 = 3;
    /// The document is locked with a password.
    pub const ENCRYPTED: u8 = 4;
    /// The text was written up to a limit.
    pub const CUT: u8 = 5;
}

/// Starts the document process, a few at a time.
#[derive(Debug)]
pub struct DocumentReader {
    settings: DocumentSettings,
    slots: Semaphore,
}

/// Why there is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No process can be started.
    #[error("documents cannot be read on this server")]
    Unavailable,
    /// Not a document, or a broken one.
    #[error("the document cannot be read")]
    Unreadable,
    /// Locked.
    #[error("the document is locked with a password")]
    Encrypted,
    /// The process ended at one of its limits.
    #[error("reading the document takes more than a request may take")]
    Limit,
    /// There is no text in it.
    #[error("the document holds no text")]
    Empty,
}

/// Text that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadText {
    /// The text.
    pub text: String,
    /// Pages or text above the limits are missing.
    pub is_cut: bool,
}

impl DocumentReader {
    /// A reader with these limits.
    pub fn new(settings: DocumentSettings) -> Self {
        Self { slots: Semaphore::new(settings.parallel), settings }
    }

    /// Reads a document; waiting for a free slot counts towards its time.
    ///
    /// # Errors
    /// [`ReadError`]; the process is gone in every case.
    pub async fn read(&self, bytes: &Bytes) -> Result<ReadText, ReadError> {
        let whole = async {
            let _slot = self.slots.acquire().await.map_err(|_closed| ReadError::Unavailable)?;
            self.converse(bytes).await
        };
        // The process is killed when the conversation is dropped.
        tokio::time::timeout(self.settings.time, whole).await.map_err(|_elapsed| ReadError::Limit)?
    }

    async fn converse(&self, bytes: &Bytes) -> Result<ReadText, ReadError> {
        let mut child = self.start()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else { return Err(ReadError::Unavailable) };
        let giving = async move {
            // A process that has seen enough closes its input; its exit tells the rest.
            let _unread = stdin.write_all(bytes).await;
        };
        let most = u64::try_from(self.settings.text_bytes).unwrap_or(u64::MAX);
        let mut text = Vec::new();
        let mut limited = stdout.take(most.saturating_add(1));
        let ((), taken) = tokio::join!(giving, limited.read_to_end(&mut text));
        let has_overrun = text.len() > self.settings.text_bytes;
        if taken.is_err() || has_overrun {
            return Err(ReadError::Limit);
        }
        let status = child.wait().await.map_err(|_error| ReadError::Unavailable)?;
        judge(status, &text)
    }

    fn start(&self) -> Result<Child, ReadError> {
        let settings = &self.settings;
        let program = settings.program.as_ref().ok_or(ReadError::Unavailable)?;
        let seconds = settings.cpu.max(Duration::from_secs(1)).as_secs();
        let spawned = Command::new(program)
            .args(["read-document", "--memory", &settings.memory_bytes.to_string(), "--cpu", &seconds.to_string()])
            .args(["--text", &settings.text_bytes.to_string(), "--pages", &settings.pages.to_string()])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        spawned.map_err(|error| {
            tracing::error!(%error, "the document process cannot be started");
            ReadError::Unavailable
        })
    }
}

fn judge(status: ExitStatus, text: &[u8]) -> Result<ReadText, ReadError> {
    let code = status.code().map(u8::try_from);
    let is_cut = match code {
        Some(Ok(document_exit::WHOLE)) => false,
        Some(Ok(document_exit::CUT)) => true,
        Some(Ok(document_exit::ENCRYPTED)) => return Err(ReadError::Encrypted),
        Some(Ok(document_exit::UNREADABLE)) => return Err(ReadError::Unreadable),
        Some(_) => return Err(ReadError::Unavailable),
        // A signal: the processor time is spent, or memory could not be had.
        None => return Err(ReadError::Limit),
    };
    // The limit may have cut a character.
    let text = String::from_utf8_lossy(text).replace('\0', "");
    let text = text.trim_end_matches('\u{fffd}').trim();
    if text.is_empty() { Err(ReadError::Empty) } else { Ok(ReadText { text: text.to_owned(), is_cut }) }
}
