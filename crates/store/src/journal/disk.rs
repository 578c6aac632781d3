//! [`Disk`]: the few file operations that the journal needs, so that tests can crash at every one of them.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One folder of files.
pub trait Disk: Send + Sync + 'static {
    /// Names of the files.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Length of a file in bytes.
    ///
    /// # Errors
    /// The file cannot be read.
    fn len(&self, name: &str) -> io::Result<u64>;

    /// Bytes of a file from `offset`, fewer than `length` only at its end.
    ///
    /// # Errors
    /// The file cannot be read.
    fn read(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>>;

    /// Makes an empty file for appending; one of the same name is replaced.
    ///
    /// # Errors
    /// The file cannot be made.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens a file for appending.
    ///
    /// # Errors
    /// The file cannot be opened.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Renames a file.
    ///
    /// # Errors
    /// The folder cannot be changed.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Deletes a file.
    ///
    /// # Errors
    /// The folder cannot be changed.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Waits until the names of the files survive a power loss.
    ///
    /// # Errors
    /// The device failed.
    fn sync_names(&self) -> io::Result<()>;
}

/// A file that is appended to.
pub trait DiskFile: Send + Sync {
    /// Appends all bytes in one write; may leave a part behind when it fails.
    ///
    /// # Errors
    /// The device is full or failed.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file.
    ///
    /// # Errors
    /// The device failed.
    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Waits until the content survives a power loss.
    ///
    /// # Errors
    /// The device failed; nothing that was written since the last success may be trusted.
    fn sync(&self) -> io::Result<()>;
}

/// A real folder, locked against other processes for as long as this value lives.
pub struct Folder {
    path: PathBuf,
    _lock: Option<File>,
}

/// Name of the lock file.
const LOCK: &str = "lock";

impl Folder {
    /// Opens a folder for writing; none when another process has it.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn lock(path: &Path) -> io::Result<Option<Self>> {
        std::fs::create_dir_all(path)?;
        let mut lock = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        lock.set_len(0)?;
        lock.write_all(format!("{}\n", std::process::id()).as_bytes())?;
        Ok(Some(Self { path: path.to_owned(), _lock: Some(lock) }))
    }

    /// Opens a folder for reading beside the process that writes it.
    #[must_use]
    pub fn read_only(path: &Path) -> Self {
        Self { path: path.to_owned(), _lock: None }
    }

    /// Process id of the writer, as its lock file says; for error texts only.
    #[must_use]
    pub fn owner(path: &Path) -> Option<u32> {
        std::fs::read_to_string(path.join(LOCK)).ok()?.trim().parse().ok()
    }
}

impl Disk for Folder {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            names.push(name.to_string_lossy().into_owned());
        }
        names.retain(|name| name != LOCK);
        Ok(names)
    }

    fn len(&self, name: &str) -> io::Result<u64> {
        Ok(std::fs::metadata(self.path.join(name))?.len())
    }

    fn read(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.path.join(name))?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let path = self.path.join(name);
        drop(OpenOptions::new().create(true).truncate(true).write(true).open(&path)?);
        self.open(name)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(AppendFile(OpenOptions::new().append(true).open(self.path.join(name))?)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path.join(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

struct AppendFile(File);

impl DiskFile for AppendFile {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.0).write_all(bytes)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
