//! How often to look for files that may have come.

use std::time::Duration;

/// The shortest pause between two looks.
const SHORTEST: Duration = Duration::from_millis(1);
/// The longest.
const LONGEST: Duration = Duration::from_millis(100);

/// The pause before the next look, when nothing has come for so long: a fiftieth of that, within bounds. So looking costs little where
/// nothing happens, and what happens after `t` is seen at most `t / 50` late.
pub fn pause(idle: Duration) -> Duration {
    (idle / 50).clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_the_time_in_which_nothing_comes() {
        let pauses = [0, 40, 500, 1000, 60_000].map(|idle| pause(Duration::from_millis(idle)).as_millis());
        assert_eq!(pauses, [1, 1, 10, 20, 100]);
    }
}
