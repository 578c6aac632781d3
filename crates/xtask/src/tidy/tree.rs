//! The texts of the project.

use anyhow::{Context as _, ensure};
use std::path::Path;
use std::process::Command;

/// A text file of the project.
#[derive(Debug, Clone)]
pub struct File {
    /// Path from the root, with `/` between folders.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl File {
    /// Whether this is Rust.
    #[must_use]
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether only tests and tools use the file: their rules are looser.
    #[must_use]
    pub fn is_test(&self) -> bool {
        let loose = ["/tests/", "/contract/", "/examples/", "/benches/", "/mock/", "/golden/"];
        loose.iter().any(|folder| self.path.contains(folder))
            || ["tests/", "crates/testkit/", "crates/xtask/"].iter().any(|start| self.path.starts_with(start))
            || ["/tests.rs", "_tests.rs", ".test.ts", ".test.tsx", "/build.rs"]
                .iter()
                .any(|end| self.path.ends_with(end))
    }

    /// The crate the file belongs to.
    #[must_use]
    pub fn krate(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }
}

/// All text files that git knows or would add.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// In the order of paths.
    pub files: Vec<File>,
}

impl Tree {
    /// Reads the project at `root`.
    ///
    /// # Errors
    /// When git cannot list the files or one of them cannot be read.
    pub fn load(root: &Path) -> anyhow::Result<Self> {
        let listing = Command::new("git")
            .current_dir(root)
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .output()
            .context("cannot run git")?;
        ensure!(listing.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&listing.stderr));
        let names = String::from_utf8(listing.stdout).context("a file name is not UTF-8")?;
        let mut files = Vec::new();
        for path in names.split('\0').filter(|path| !path.is_empty()) {
            let place = root.join(path);
            // Deleted but not yet committed, or a folder of its own.
            if !place.is_file() {
                continue;
            }
            let bytes = std::fs::read(&place).with_context(|| format!("cannot read {path}"))?;
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(File { path: path.to_owned(), text });
            }
        }
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(Self { files })
    }

    /// The text of one file.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// Rust files below a folder.
    pub fn rust<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| file.is_rust() && file.path.starts_with(folder))
    }

    /// A tree of these paths and texts.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File { path: (*path).to_owned(), text: (*text).to_owned() };
        Self { files: files.iter().map(file).collect() }
    }
}
