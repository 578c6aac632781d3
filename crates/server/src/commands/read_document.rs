//! `portolan read-document`: the text of a PDF, in a process of its own that cannot take much with it.
//!
//! Whoever names a PDF may have written it to break its reader. The server therefore starts this command for each document:
//! it limits itself, starts itself again so that the limits hold from the first instruction, reads the document from standard
//! input and writes its text to standard output. It opens no file and no connection, and sees no environment.

use crate::cli::DocumentLimits;
use nix::sys::resource::{Resource, setrlimit};
use pdf_extract::{Document, PlainTextOutput, output_doc_page};
use std::io::{Read, Write};
use std::os::fd::RawFd;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode};

/// Descriptors that the process may have open: three streams and the libraries while they are loaded.
const DESCRIPTORS: u64 = 16;

/// Runs the command. The exit code is one of `gateway::document_exit`.
pub fn run(limits: &DocumentLimits) -> ExitCode {
    if limits.limited {
        return read(limits);
    }
    if close_others().is_err() || limit(limits).is_err() {
        return ExitCode::from(gateway::document_exit::FAILED);
    }
    let Ok(program) = std::env::current_exe() else { return ExitCode::from(gateway::document_exit::FAILED) };
    let number = |name: &str, value: u64| [format!("--{name}"), value.to_string()];
    let _not_replaced = Command::new(program)
        .arg("read-document")
        .arg("--limited")
        .args(number("memory", limits.memory))
        .args(number("cpu", limits.cpu))
        .args(number("text", limits.text))
        .args(number("pages", limits.pages))
        .env_clear()
        .exec();
    ExitCode::from(gateway::document_exit::FAILED)
}

fn limit(limits: &DocumentLimits) -> std::io::Result<()> {
    for (resource, most) in [
        (Resource::RLIMIT_AS, limits.memory),
        (Resource::RLIMIT_CPU, limits.cpu),
        (Resource::RLIMIT_FSIZE, 0),
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_NOFILE, DESCRIPTORS),
    ] {
        setrlimit(resource, most, most)?;
    }
    Ok(())
}

/// Closes everything but the three streams. The server's own files close by themselves when a program starts; what the server
/// was given by whoever started it does not.
fn close_others() -> std::io::Result<()> {
    let open: Vec<RawFd> = std::fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect();
    for descriptor in open {
        // One of them was the folder's own, which is closed by now.
        let _closed_already = nix::unistd::close(descriptor);
    }
    Ok(())
}

fn read(limits: &DocumentLimits) -> ExitCode {
    // The library panics on some documents; its words are of no use to anybody.
    std::panic::set_hook(Box::new(|_panic| {}));
    let mut bytes = Vec::new();
    if std::io::stdin().lock().read_to_end(&mut bytes).is_err() {
        return ExitCode::from(gateway::document_exit::FAILED);
    }
    let mut text =
        Bounded { bytes: Vec::new(), most: usize::try_from(limits.text).unwrap_or(usize::MAX), is_full: false };
    let code = match catch_unwind(AssertUnwindSafe(|| extract(&bytes, limits, &mut text))) {
        Ok(code) => code,
        Err(_panic) => gateway::document_exit::UNREADABLE,
    };
    let written = std::io::stdout().lock().write_all(&text.bytes);
    ExitCode::from(if written.is_ok() { code } else { gateway::document_exit::FAILED })
}

fn extract(bytes: &[u8], limits: &DocumentLimits, text: &mut Bounded) -> u8 {
    let Ok(mut document) = Document::load_mem(bytes) else { return gateway::document_exit::UNREADABLE };
    if document.is_encrypted() && document.decrypt("").is_err() {
        return gateway::document_exit::ENCRYPTED;
    }
    let most = usize::try_from(limits.pages).unwrap_or(usize::MAX);
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    let mut is_cut = pages.len() > most;
    for page in pages.into_iter().take(most) {
        // A page that cannot be read leaves out its text and nothing else.
        let _unread = catch_unwind(AssertUnwindSafe(|| {
            let mut output = PlainTextOutput::new(&mut *text as &mut dyn Write);
            output_doc_page(&document, &mut output, page)
        }));
        if text.is_full {
            is_cut = true;
            break;
        }
    }
    if is_cut { gateway::document_exit::CUT } else { gateway::document_exit::WHOLE }
}

/// Takes text up to a limit.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
    is_full: bool,
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        let room = self.most.saturating_sub(self.bytes.len());
        if room < piece.len() {
            self.is_full = true;
            self.bytes.extend_from_slice(piece.get(..room).unwrap_or_default());
            return Err(std::io::ErrorKind::WriteZero.into());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
