//! [`FrozenClock`]: the wall clock of the binary under test, moved by hand.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Replaces the C library's wall clock in the program; everything else of the program stays as it is built.
const SOURCE: &str = include_str!("frozen_clock.c");

/// A wall clock that stands still until it is set. Monotonic time, and so every timeout, runs on.
#[derive(Debug)]
pub struct FrozenClock {
    file: File,
    path: PathBuf,
    library: PathBuf,
}

impl FrozenClock {
    /// Makes one in a folder; `moment` is in microseconds since 1970, not before it.
    pub(crate) fn new(folder: &Path, moment: i64) -> Self {
        let (path, library) = (folder.join("clock"), folder.join("frozen_clock.so"));
        let file = File::create(&path).expect("clock");
        let clock = Self { file, path, library };
        clock.set(moment);
        let mut compiler = Command::new("cc")
            .args(["-x", "c", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(&clock.library)
            .arg("-")
            .stdin(Stdio::piped())
            .spawn()
            .expect("a C compiler");
        compiler.stdin.take().expect("stdin").write_all(SOURCE.as_bytes()).expect("compiler reads");
        assert!(compiler.wait().expect("compiler").success(), "the clock does not compile");
        clock
    }

    /// Variables of the program's environment that give it this clock.
    pub(crate) fn environment(&self) -> [(String, String); 2] {
        let text = |path: &Path| path.to_str().expect("path").to_owned();
        [("LD_PRELOAD".to_owned(), text(&self.library)), ("FROZEN_CLOCK".to_owned(), text(&self.path))]
    }

    /// Sets it, in microseconds since 1970; running programs see it at once.
    ///
    /// # Panics
    /// When the file that holds the moment cannot be written.
    pub fn set(&self, moment: i64) {
        self.file.write_all_at(&moment.to_ne_bytes(), 0).expect("clock is set");
    }
}
