//! Numbers of bytes as people read them.

/// `0 B`, `999 B`, `1.5 KiB`, `412 KiB`, `2.0 GiB`
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = 0;
    // What would be rounded to the next unit is shown in it.
    while amount >= 1023.5 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(amount < 9.95);
    format!("{amount:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_two_or_three_digits() {
        let shown = [0, 1023, 1024, 1536, 10_189, 422_000, 1_048_575, 1 << 20, 5_000_000_000, u64::MAX].map(size);
        assert_eq!(
            shown,
            ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "10 KiB", "412 KiB", "1.0 MiB", "1.0 MiB", "4.7 GiB", "16 EiB"]
        );
    }
}
