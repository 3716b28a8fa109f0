//! The simulated disk as SQLite wants to see it. One connection at a time, so that locks are always there to be taken.

use std::io;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlite_vfs::wip::{WalIndex, WalIndexLock};
use sqlite_vfs::{DatabaseHandle, LockKind, OpenAccess, OpenOptions, Vfs};

use super::disk::Simulated;

/// The disk of this process. All of SQLite's files are on it from the first call on.
pub fn disk() -> &'static Simulated {
    static DISK: OnceLock<Simulated> = OnceLock::new();
    DISK.get_or_init(|| {
        let disk = Simulated::default();
        sqlite_vfs::register("simulated", Files(disk.clone()), true).unwrap();
        disk
    })
}

struct Files(Simulated);

impl Vfs for Files {
    type Handle = Handle;

    fn open(&self, name: &str, options: OpenOptions) -> io::Result<Handle> {
        match options.access {
            OpenAccess::Create | OpenAccess::CreateNew => self.0.create(name)?,
            OpenAccess::Read | OpenAccess::Write if self.0.exists(name) => {}
            OpenAccess::Read | OpenAccess::Write => return Err(io::ErrorKind::NotFound.into()),
        }
        Ok(Handle { disk: self.0.clone(), name: name.to_owned(), lock: LockKind::None })
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        self.0.delete(name)
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        Ok(self.0.exists(name))
    }

    fn temporary_name(&self) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        format!("temporary-{}", NEXT.fetch_add(1, Ordering::Relaxed))
    }

    fn random(&self, buffer: &mut [i8]) {
        // It makes salts and names, which need only differ.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let bytes = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
        for (into, byte) in buffer.iter_mut().zip(bytes.iter().cycle()) {
            *into = byte.cast_signed();
        }
    }

    fn sleep(&self, duration: Duration) -> Duration {
        duration
    }
}

struct Handle {
    disk: Simulated,
    name: String,
    lock: LockKind,
}

fn small(number: u64) -> usize {
    usize::try_from(number).unwrap()
}

impl DatabaseHandle for Handle {
    type WalIndex = Index;

    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.len(&self.name) as u64)
    }

    fn read_exact_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.disk.read(&self.name, small(offset), buffer)
    }

    fn write_all_at(&mut self, data: &[u8], offset: u64) -> io::Result<()> {
        self.disk.write(&self.name, small(offset), data)
    }

    fn sync(&mut self, _data_only: bool) -> io::Result<()> {
        self.disk.flush(&self.name)
    }

    fn set_len(&mut self, size: u64) -> io::Result<()> {
        self.disk.set_len(&self.name, small(size))
    }

    fn lock(&mut self, lock: LockKind) -> io::Result<bool> {
        self.lock = lock;
        Ok(true)
    }

    fn reserved(&mut self) -> io::Result<bool> {
        Ok(false)
    }

    fn current_lock(&self) -> io::Result<LockKind> {
        Ok(self.lock)
    }

    fn wal_index(&self, _readonly: bool) -> io::Result<Index> {
        Ok(Index)
    }
}

/// What the processes on a database share. There is one, so that it begins as zeros.
struct Index;

impl WalIndex for Index {
    #[allow(clippy::large_stack_arrays, reason = "the trait gives a region by value")]
    fn map(&mut self, _region: u32) -> io::Result<[u8; 32768]> {
        Ok([0; 32768])
    }

    fn lock(&mut self, _locks: Range<u8>, _lock: WalIndexLock) -> io::Result<bool> {
        Ok(true)
    }

    fn delete(self) -> io::Result<()> {
        Ok(())
    }
}
