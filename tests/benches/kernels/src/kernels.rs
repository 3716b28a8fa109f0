//! Six kernels of machine learning, each of a size and a seed, giving a checksum. The same source is compiled as a component and natively.

/// Numbers in -1..1 that look random (xorshift64*), the same everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11;
        bits as f64 / (1u64 << 52) as f64 - 1.0
    }

    pub fn many(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.next()).collect()
    }
}

const COLUMNS: usize = 10;

/// The kernel of this name.
pub fn run(kernel: &str, size: usize, seed: u64) -> Option<f64> {
    Some(match kernel {
        "matrix-product" => matrix_product(size, seed),
        "dot-product" => dot_product(size, seed),
        "column-statistics" => column_statistics(size, seed),
        "logistic-regression" => logistic_regression(size, seed),
        "boosted-trees" => boosted_trees(size, seed),
        "csv-parsing" => csv_parsing(size, seed),
        _ => return None,
    })
}

/// Two square matrices, in blocks that fit the first cache.
fn matrix_product(n: usize, seed: u64) -> f64 {
    const BLOCK: usize = 64;
    let mut random = Random::new(seed);
    let (a, b) = (random.many(n * n), random.many(n * n));
    let mut c = vec![0.0; n * n];
    for rows in (0..n).step_by(BLOCK) {
        for inner in (0..n).step_by(BLOCK) {
            for i in rows..(rows + BLOCK).min(n) {
                for k in inner..(inner + BLOCK).min(n) {
                    let factor = a[i * n + k];
                    let row = &b[k * n..(k + 1) * n];
                    for (sum, value) in c[i * n..(i + 1) * n].iter_mut().zip(row) {
                        *sum += factor * value;
                    }
                }
            }
        }
    }
    c.iter().sum()
}

/// A hundred times over vectors of this length, in eight sums as a vectorised library does it.
fn dot_product(n: usize, seed: u64) -> f64 {
    let mut random = Random::new(seed);
    let (a, b) = (random.many(n), random.many(n));
    let mut total = 0.0;
    for round in 0..100 {
        let mut sums = [0.0; 8];
        let (a, b) = (&a[round..], &b[..n - round]);
        for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
            for lane in 0..8 {
                sums[lane] += a[lane] * b[lane];
            }
        }
        total += sums.iter().sum::<f64>();
    }
    total
}

/// Mean, variance, least and greatest of ten columns, twenty times.
fn column_statistics(rows: usize, seed: u64) -> f64 {
    let table = Random::new(seed).many(rows * COLUMNS);
    let mut total = 0.0;
    for _ in 0..20 {
        let (mut sum, mut squares) = ([0.0; COLUMNS], [0.0; COLUMNS]);
        let (mut least, mut greatest) = ([f64::INFINITY; COLUMNS], [f64::NEG_INFINITY; COLUMNS]);
        for row in table.chunks_exact(COLUMNS) {
            for column in 0..COLUMNS {
                let value = row[column] + total * 1e-30;
                sum[column] += value;
                squares[column] += value * value;
                least[column] = if value < least[column] { value } else { least[column] };
                greatest[column] = if value > greatest[column] { value } else { greatest[column] };
            }
        }
        for column in 0..COLUMNS {
            let mean = sum[column] / rows as f64;
            total += squares[column] / rows as f64 - mean * mean + greatest[column] - least[column];
        }
    }
    total
}

/// Fifty steps of gradient descent over all rows.
fn logistic_regression(rows: usize, seed: u64) -> f64 {
    let mut random = Random::new(seed);
    let table = random.many(rows * COLUMNS);
    let labels: Vec<f64> = table.chunks_exact(COLUMNS).map(|row| f64::from(row[0] + row[1] * 0.5 > 0.1)).collect();
    descend(&table, &labels).iter().sum()
}

/// Logistic regression by 50 steps of full-batch gradient descent: ten weights and the intercept.
fn descend(table: &[f64], labels: &[f64]) -> [f64; COLUMNS + 1] {
    let mut weights = [0.0; COLUMNS + 1];
    for _ in 0..50 {
        let mut gradient = [0.0; COLUMNS + 1];
        for (row, label) in table.chunks_exact(COLUMNS).zip(labels) {
            let mut score = weights[COLUMNS];
            for column in 0..COLUMNS {
                score += weights[column] * row[column];
            }
            let error = 1.0 / (1.0 + (-score).exp()) - label;
            for column in 0..COLUMNS {
                gradient[column] += error * row[column];
            }
            gradient[COLUMNS] += error;
        }
        for (weight, gradient) in weights.iter_mut().zip(gradient) {
            *weight -= gradient / labels.len() as f64;
        }
    }
    weights
}

/// Twenty trees of depth four by histograms of 64 bins, on squared errors.
fn boosted_trees(rows: usize, seed: u64) -> f64 {
    const BINS: usize = 64;
    const DEPTH: usize = 4;
    let mut random = Random::new(seed);
    let bins: Vec<u8> = (0..rows * COLUMNS).map(|_| ((random.next() + 1.0) * 32.0) as u8 & 63).collect();
    let targets: Vec<f64> =
        bins.chunks_exact(COLUMNS).map(|row| f64::from(row[0]) / 64.0 + f64::from(row[3] > 40)).collect();
    let mut predictions = vec![0.0; rows];
    let mut leaf = vec![0usize; rows];
    for _ in 0..20 {
        leaf.fill(0);
        for depth in 0..DEPTH {
            let mut sums = vec![(0.0f64, 0u32); (1 << depth) * COLUMNS * BINS];
            for (row, bins) in bins.chunks_exact(COLUMNS).enumerate() {
                let gradient = targets[row] - predictions[row];
                let first = leaf[row] * COLUMNS * BINS;
                for (column, bin) in bins.iter().enumerate() {
                    let (sum, count) = &mut sums[first + column * BINS + usize::from(*bin)];
                    *sum += gradient;
                    *count += 1;
                }
            }
            let splits: Vec<(usize, u8)> =
                sums.chunks_exact(COLUMNS * BINS).map(|sums| best_split(sums, BINS)).collect();
            for (row, bins) in bins.chunks_exact(COLUMNS).enumerate() {
                let (column, bin) = splits[leaf[row]];
                leaf[row] = leaf[row] * 2 + usize::from(bins[column] > bin);
            }
        }
        let mut leaves = [(0.0, 0.0); 1 << DEPTH];
        for row in 0..rows {
            leaves[leaf[row]].0 += targets[row] - predictions[row];
            leaves[leaf[row]].1 += 1.0;
        }
        for row in 0..rows {
            let (sum, count) = leaves[leaf[row]];
            predictions[row] += 0.3 * sum / (count + 1.0);
        }
    }
    predictions.iter().sum()
}

fn best_split(sums: &[(f64, u32)], bins: usize) -> (usize, u8) {
    let mut best = (f64::NEG_INFINITY, 0, 0);
    for (column, sums) in sums.chunks_exact(bins).enumerate() {
        let (all, number) = sums.iter().fold((0.0, 0), |(sum, count), one| (sum + one.0, count + one.1));
        let (mut left, mut count) = (0.0, 0);
        for (bin, one) in sums.iter().enumerate() {
            left += one.0;
            count += one.1;
            let gain = left * left / (f64::from(count) + 1.0)
                + (all - left) * (all - left) / (f64::from(number - count) + 1.0);
            if gain > best.0 {
                best = (gain, column, bin as u8);
            }
        }
    }
    (best.1, best.2)
}

/// Parses a table of ten columns of decimals, as large as `write_table` makes it.
fn csv_parsing(rows: usize, seed: u64) -> f64 {
    let text = write_table(rows, seed);
    let mut total = 0.0;
    for _ in 0..3 {
        for line in text.lines().skip(1) {
            for cell in line.split(',') {
                total += cell.parse::<f64>().unwrap_or(f64::NAN);
            }
        }
    }
    total
}

/// A table of ten columns of decimals and a label, as CSV.
pub fn write_table(rows: usize, seed: u64) -> String {
    use std::fmt::Write;
    let mut random = Random::new(seed);
    let mut text = String::from("c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,label\n");
    for _ in 0..rows {
        let row: [f64; COLUMNS] = std::array::from_fn(|_| random.next());
        for value in row {
            let _ = write!(text, "{value:.6},");
        }
        let _ = writeln!(text, "{}", u8::from(row[0] + 0.5 * row[1] - 0.25 * row[2] + 0.3 * random.next() > 0.1));
    }
    text
}

/// The tabular job's parts, on text and plain numbers.
pub mod job {
    use super::COLUMNS;

    /// The head with three rows of four, and with the others.
    pub fn split(text: &str) -> (String, String) {
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default();
        let (mut train, mut test) = (format!("{head}\n"), format!("{head}\n"));
        for (number, line) in lines.enumerate() {
            let part = if number % 4 == 3 { &mut test } else { &mut train };
            part.push_str(line);
            part.push('\n');
        }
        (train, test)
    }

    /// Rows of ten columns, and labels.
    pub fn read(text: &str) -> (Vec<f64>, Vec<f64>) {
        let (mut table, mut labels) = (Vec::new(), Vec::new());
        for line in text.lines().skip(1) {
            for (column, cell) in line.split(',').enumerate() {
                let value = cell.parse().unwrap_or(f64::NAN);
                if column < COLUMNS { table.push(value) } else { labels.push(value) }
            }
        }
        (table, labels)
    }

    fn score(weights: &[f64], row: &[f64]) -> f64 {
        weights[COLUMNS] + weights.iter().zip(row).map(|(weight, value)| weight * value).sum::<f64>()
    }

    /// Logistic regression by 50 steps of full-batch gradient descent: ten weights and the intercept.
    pub fn fit(text: &str) -> Vec<f64> {
        let (table, labels) = read(text);
        super::descend(&table, &labels).to_vec()
    }

    /// The share of rows whose label is the one predicted.
    pub fn accuracy(text: &str, weights: &[f64]) -> f64 {
        let (table, labels) = read(text);
        let right = table
            .chunks_exact(COLUMNS)
            .zip(&labels)
            .filter(|(row, label)| (score(weights, row) > 0.0) == (**label > 0.5));
        right.count() as f64 / labels.len() as f64
    }
}
