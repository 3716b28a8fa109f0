//! Ctrl-C, and its like: the first asks the run to stop gently, the second ends the process at once.

use std::sync::Arc;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use weft::Cancel;

use crate::error::{Error, Exit, Result};

/// Begins to listen. The first signal cancels.
pub fn listen() -> Result<Cancel> {
    let cancel = Cancel::default();
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down and raises it, the second finds it up.
        flag::register_conditional_shutdown(signal, Exit::Interrupted as i32, Arc::clone(cancel.flag()))
            .and_then(|_| flag::register(signal, Arc::clone(cancel.flag())))
            .map_err(Error::Output)?;
    }
    Ok(cancel)
}
