//! Schedules: when recurring runs are due, and what they are given then.

mod cron;
mod due;
mod go_time;
mod placeholders;

pub(crate) use cron::{Cron, time_zone};
pub(crate) use due::{next_due, next_times};
pub(crate) use placeholders::Firing;
