//! What the step computes: plain Rust, tested by `cargo test` without a runtime.

/// The header and the rows whose number in `column` is at least `minimum`, and how many rows they are.
pub fn filter(table: &str, column: &str, minimum: f64) -> Result<(String, u32), String> {
    let mut lines = table.lines().zip(1..).filter(|(line, _)| !line.is_empty());
    let (header, _) = lines.next().ok_or("the table is empty")?;
    let at = header.split(',').position(|name| name == column);
    let at = at.ok_or_else(|| format!("there is no column `{column}` in: {header}"))?;

    let mut kept = format!("{header}\n");
    let mut rows = 0;
    for (line, number) in lines {
        let value = line.split(',').nth(at).unwrap_or_default();
        let value: f64 = value.trim().parse().map_err(|_| format!("line {number}: `{value}` is no number"))?;
        if value >= minimum {
            kept += line;
            kept.push('\n');
            rows += 1;
        }
    }
    Ok((kept, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "species,height\nfern,42.5\nmoss,2\n";

    #[test]
    fn small_rows_are_left_out() {
        assert_eq!(filter(TABLE, "height", 10.0), Ok(("species,height\nfern,42.5\n".to_owned(), 1)));
        assert_eq!(filter(TABLE, "height", 100.0), Ok(("species,height\n".to_owned(), 0)));
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(filter(TABLE, "width", 1.0), Err("there is no column `width` in: species,height".to_owned()));
        assert_eq!(filter(TABLE, "species", 1.0), Err("line 2: `fern` is no number".to_owned()));
        assert_eq!(filter("", "height", 1.0), Err("the table is empty".to_owned()));
    }
}
