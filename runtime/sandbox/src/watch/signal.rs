//! Ends a guest that computes, by a signal to its thread.
//!
//! The handler looks where the thread is. In a function of the guest that is to end it has the thread go on at an instruction that traps
//! ([`landing`]), which wasmtime takes for a trap of the guest and unwinds. Anywhere else (in the host, or on the way between the two) it changes
//! nothing, and the signal is sent again a moment later.
//!
//! Why that is sound: a function of a guest may trap nearly anywhere, so that nothing of the host's is kept in its frames, and wasmtime
//! unwinds traps to where the guest was entered, by what the store keeps of that and not by where the trap was. A store whose guest was ended is
//! dropped, as after any trap. Frame pointers are valid at each instruction of a function, before its own is set and after it is taken back as its caller's.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::io;
use std::path::Path;
use std::sync::OnceLock;

use wasmtime::{Config, Engine, Module};

use super::Watched;
use crate::compiler::wasmtime_compiler;
use crate::target::Target;

pub(super) const SUPPORTED: bool = true;

/// Ignored where nobody handles it, and of no other use to us: it tells of urgent data on sockets.
const SIGNAL: c_int = libc::SIGURG;

thread_local! {
    /// The guest that runs on this thread. Constant at first and without a destructor, so that reading it is a load, as a handler may do.
    static CURRENT: Cell<*const Watched> = const { Cell::new(std::ptr::null()) };
}

/// A module that is kept for good, and the address of an instruction in it that traps.
static LANDING: OnceLock<Option<(Module, usize)>> = OnceLock::new();

/// `(module (func unreachable))`
const TRAP: &[u8] = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x05\x01\x03\0\0\x0b";

/// What `unreachable` is compiled to: `ud2`, and `udf` with the number that wasmtime chose.
const INSTRUCTION: &[u8] = if cfg!(target_arch = "x86_64") { &[0x0f, 0x0b] } else { &[0x1f, 0xc1, 0, 0] };

/// Says which guest runs on this thread, and gives the one before.
pub(super) fn set_current(watched: *const Watched) -> *const Watched {
    CURRENT.replace(watched)
}

/// A thread that is alive as long as this is used.
pub(super) struct Thread(libc::pthread_t);

impl Thread {
    pub(super) fn current() -> Self {
        // SAFETY: it has no conditions.
        #[expect(unsafe_code, reason = "a call of the C library")]
        Self(unsafe { libc::pthread_self() })
    }

    pub(super) fn signal(&self) {
        // SAFETY: the thread is alive: what is entered leaves on the same thread, under the lock that the caller holds.
        #[expect(unsafe_code, reason = "a call of the C library")]
        let _ = unsafe { libc::pthread_kill(self.0, SIGNAL) };
    }
}

/// Handles the signal in this process.
///
/// # Errors
/// The system refuses.
pub(super) fn install() -> io::Result<()> {
    // SAFETY: all zeros are a valid value of it; the handler does only what a handler may, on the stack that wasmtime gives each thread for handlers,
    // as the guest's may be nearly full.
    #[expect(unsafe_code, reason = "signal handlers have no safe form that sees the registers")]
    let installed = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = (handle as *const ()).expose_provenance();
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        libc::sigaction(SIGNAL, &raw const action, std::ptr::null_mut())
    };
    if installed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Makes what the handler needs. False if that cannot be, so that guests end at their next call of the host only.
pub(super) fn prepare() -> bool {
    LANDING.get_or_init(landing).is_some()
}

extern "C" fn handle(_signal: c_int, _info: *mut libc::siginfo_t, context: *mut c_void) {
    let current = CURRENT.get();
    if current.is_null() || context.is_null() {
        return;
    }
    // SAFETY: what is entered is alive until this thread has taken it back from `CURRENT`.
    #[expect(unsafe_code, reason = "thread-local state of a handler is a pointer")]
    let watched = unsafe { &*current };
    let (Some(functions), Some(Some((_, landing)))) = (watched.functions.get(), LANDING.get()) else { return };
    // SAFETY: the kernel hands a handler with SA_SIGINFO the thread's registers, which are its own while it runs.
    #[expect(unsafe_code, reason = "the registers come as a pointer")]
    let registers = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext };
    #[cfg(target_arch = "x86_64")]
    let counter = &mut registers.gregs[libc::REG_RIP as usize];
    #[cfg(target_arch = "aarch64")]
    let counter = &mut registers.pc;
    if usize::try_from(*counter).is_ok_and(|here| functions.contain(here))
        && let Ok(landing) = (*landing).try_into()
    {
        *counter = landing;
    }
}

/// A module, and an instruction in it that wasmtime knows as a trap.
fn landing() -> Option<(Module, usize)> {
    find_landing(Engine::new(&Config::new()).and_then(|engine| wasmtime_compiler::module(&engine, TRAP)))
}

/// The module for hosts of this kind that do not compile.
///
/// # Errors
/// This one does not either.
pub(crate) fn landing_for(target: Target) -> wasmtime::Result<Vec<u8>> {
    let mut config = Config::new();
    target.set(&mut config)?;
    wasmtime_compiler::precompile_module(&Engine::new(&config)?, TRAP)
}

/// Takes the module that was compiled elsewhere, if it is there.
pub(crate) fn take_landing(file: &Path) {
    if file.exists() && LANDING.get().is_none() {
        // SAFETY: as with the code of components, see `crate::compiled_cache`, in whose folder it lies.
        #[expect(unsafe_code, reason = "loading native code has no safe form; see the safety comment")]
        let made = Engine::new(&Config::new()).and_then(|engine| unsafe { Module::deserialize_file(&engine, file) });
        let _ = LANDING.set(find_landing(made));
    }
}

fn find_landing(made: wasmtime::Result<Module>) -> Option<(Module, usize)> {
    let module = made.inspect_err(|error| tracing::error!("guests that compute cannot be ended: {error:#}")).ok()?;
    let unreachable = u32::try_from(TRAP.len() - 2).ok();
    let (offset, _) = module.address_map()?.find(|(_, source)| *source == unreachable)?;
    let text = module.text();
    let address = text.get(offset..)?.starts_with(INSTRUCTION).then(|| text.as_ptr().addr() + offset)?;
    Some((module, address))
}
