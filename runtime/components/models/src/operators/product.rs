//! How products of matrices are computed: in tiles whose sums stay near the processor, of factors that are laid out in the order in which they are read.

use super::lanes::Four;

/// Columns of a tile, and rows of a quarter of it.
pub(super) const WIDE: usize = 4;
/// The most quarters that a tile has above each other: their sums take eight of the sixteen vectors that processors have, and leave room for factors.
const QUARTERS: usize = 2;

/// A matrix that lies in a slice.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    values: &'a [T],
    /// How far the next row is.
    row: usize,
    /// How far the next column is.
    column: usize,
}

impl<'a, T: Copy> Matrix<'a, T> {
    /// Row after row, of so many columns.
    pub(crate) fn new(values: &'a [T], columns: usize) -> Self {
        Self { values, row: columns, column: 1 }
    }

    /// Its rows as columns.
    pub(crate) fn turned(self) -> Self {
        Self { row: self.column, column: self.row, ..self }
    }

    /// Itself, or its rows as columns.
    pub(crate) fn turned_if(self, turn: bool) -> Self {
        if turn { self.turned() } else { self }
    }

    fn at(&self, row: usize, column: usize) -> T {
        self.values[row * self.row + column * self.column]
    }
}

impl Matrix<'_, f32> {
    /// Some columns, at most four, side by side: a line for each row. What a line has beyond them is anything.
    fn columns(&self, from: usize, count: usize, lines: &mut [Four]) {
        for (row, line) in lines.iter_mut().enumerate() {
            let start = (row * self.row + from * self.column).min(self.values.len());
            *line = match self.values[start..].first_chunk() {
                Some(values) if self.column == 1 => Four::from(*values),
                _ => Four::from(std::array::from_fn(|at| self.at(row, from + at.min(count - 1)))),
            };
        }
    }
}

/// The left factor of products: of each eight rows, what they have in each column side by side.
pub(super) struct Left {
    values: Vec<Four>,
    rows: usize,
    inner: usize,
}

/// Sums of four rows and four columns, the first columns of which lie on a diagonal: vector `d` has, of each row `r`, column `r + d` (modulo 4).
pub(super) type Quarter = [Four; WIDE];

/// The rows of sums.
pub(super) fn rows([a, b, c, d]: Quarter) -> [Four; WIDE] {
    let (upper, upper_right) = (a.pick::<0, 4, 1, 5>(b), c.pick::<0, 4, 1, 5>(d));
    let (lower, lower_right) = (a.pick::<2, 6, 3, 7>(b), c.pick::<2, 6, 3, 7>(d));
    [
        upper.pick::<0, 1, 4, 5>(upper_right),
        upper_right.pick::<3, 6, 7, 2>(upper),
        lower_right.pick::<0, 1, 4, 5>(lower),
        lower.pick::<3, 6, 7, 2>(lower_right),
    ]
}

impl Left {
    /// Lays out `rows` rows of `inner` numbers.
    pub(super) fn new(rows: usize, inner: usize, at: impl Fn(usize, usize) -> f32) -> Self {
        let mut values = Vec::with_capacity(rows.div_ceil(WIDE) * inner);
        for from in (0..rows).step_by(QUARTERS * WIDE) {
            let band = rows.min(from + QUARTERS * WIDE);
            for step in 0..inner {
                for from in (from..band).step_by(WIDE) {
                    let four = std::array::from_fn(|row| if from + row < rows { at(from + row, step) } else { 0.0 });
                    values.push(Four::from(four));
                }
            }
        }
        Self { values, rows, inner }
    }

    /// How many times four rows there are, the last of which may be beyond the end.
    pub(super) fn quarters(&self) -> usize {
        self.rows.div_ceil(WIDE)
    }

    /// Multiplies by four columns, whose rows are lines, to the sums of each four rows.
    pub(super) fn times_lines(&self, lines: &[Four], sums: &mut [Quarter]) {
        let mut left = self.values.as_slice();
        for sums in sums.chunks_mut(QUARTERS) {
            let (band, rest) = left.split_at(sums.len() * self.inner);
            match sums.len() {
                1 => tile::<1>(band, lines, sums),
                _ => tile::<QUARTERS>(band, lines, sums),
            }
            left = rest;
        }
    }

    /// Multiplies by so many columns, four at once: `lay` lays out those from one on, as many as are left, a line for each of their rows; `take` is given
    /// what comes of them: row, first column, products.
    pub(super) fn times(
        &self,
        columns: usize,
        mut lay: impl FnMut(usize, usize, &mut [Four]),
        mut take: impl FnMut(usize, usize, usize, Four),
    ) {
        let mut lines = vec![Four::splat(0.0); self.inner];
        let mut sums = vec![[Four::splat(0.0); WIDE]; self.quarters()];
        for from in (0..columns).step_by(WIDE) {
            let count = WIDE.min(columns - from);
            lay(from, count, &mut lines);
            self.times_lines(&lines, &mut sums);
            for (quarter, sums) in sums.iter().enumerate() {
                for (row, sums) in (quarter * WIDE..self.rows).zip(rows(*sums)) {
                    take(row, from, count, sums);
                }
            }
        }
    }
}

/// Four columns of a product. Each step multiplies by the four columns turned around by 0 to 3, which takes less than to spread each number over a vector.
///
/// At the end of a loop, the sandbox asks whether it is to stop, for which all sums go to memory and come back. So there are sixteen steps from one end to the
/// next; and as each of them can be the last, compilers keep them in order, and do not run out of registers for what they would rather do at once.
#[inline(never)]
fn tile<const HIGH: usize>(left: &[Four], lines: &[Four], into: &mut [Quarter]) {
    let mut sums = [[Four::splat(0.0); WIDE]; HIGH];
    let (left, _) = left.as_chunks::<HIGH>();
    let mut pairs = left.iter().zip(lines);
    macro_rules! steps {
        ($($step:literal)+) => {
            'all: loop {
                $(
                    _ = $step;
                    let Some((left, line)) = pairs.next() else { break 'all };
                    let turned = [
                        *line,
                        line.pick::<1, 2, 3, 0>(*line),
                        line.pick::<2, 3, 0, 1>(*line),
                        line.pick::<3, 0, 1, 2>(*line),
                    ];
                    for (sums, left) in sums.iter_mut().zip(left) {
                        for (sum, turned) in sums.iter_mut().zip(turned) {
                            *sum = *sum + *left * turned;
                        }
                    }
                )+
            }
        };
    }
    steps!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
    for (into, sums) in into.iter_mut().zip(sums) {
        *into = sums;
    }
}

/// Numbers of which matrices are multiplied.
pub(crate) trait Factor: Copy {
    /// Adds the product of `a` (rows x inner) and `b` (inner x columns) to `c`, whose rows lie one after the other.
    fn multiply(a: Matrix<'_, Self>, b: Matrix<'_, Self>, c: &mut [Self], inner: usize, columns: usize);
}

impl Factor for f32 {
    fn multiply(a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32], inner: usize, columns: usize) {
        if inner == 0 || columns == 0 {
            return;
        }
        let rows = c.len() / columns;
        // A product of few columns is one of few rows, turned.
        if columns < rows.min(WIDE * QUARTERS) {
            let left = Left::new(columns, inner, |column, step| b.at(step, column));
            let right = a.turned();
            let take = |column: usize, from: usize, count: usize, sums: Four| {
                for (row, sum) in (from..from + count).zip(sums.array()) {
                    c[row * columns + column] += sum;
                }
            };
            left.times(rows, |from, count, lines| right.columns(from, count, lines), take);
        } else {
            let left = Left::new(rows, inner, |row, step| a.at(row, step));
            let take = |row: usize, from: usize, count: usize, sums: Four| {
                for (c, sum) in c[row * columns + from..][..count].iter_mut().zip(sums.array()) {
                    *c += sum;
                }
            };
            left.times(columns, |from, count, lines| b.columns(from, count, lines), take);
        }
    }
}

impl Factor for f64 {
    fn multiply(a: Matrix<'_, f64>, b: Matrix<'_, f64>, c: &mut [f64], inner: usize, columns: usize) {
        for (row, c) in c.chunks_exact_mut(columns.max(1)).enumerate() {
            for step in 0..inner {
                let factor = a.at(row, step);
                for (column, c) in c.iter_mut().enumerate() {
                    *c += factor * b.at(step, column);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_the_sum_of_products_whatever_the_sizes() {
        let sizes = [(1, 1, 1), (3, 5, 2), (4, 7, 16), (9, 3, 37), (6, 2, 33), (70, 13, 3), (2, 9, 5), (33, 8, 18)];
        for (rows, inner, columns) in sizes {
            let a: Vec<f32> = (0..rows * inner).map(|at| (at % 11) as f32).collect();
            let b: Vec<f32> = (0..inner * columns).map(|at| (at % 7) as f32).collect();
            let wide = |values: &[f32]| -> Vec<f64> { values.iter().copied().map(f64::from).collect() };
            for turn in [false, true] {
                let mut c = vec![1.0; rows * columns];
                let mut c_wide = vec![1.0; rows * columns];
                let right = if turn { inner } else { columns };
                f32::multiply(Matrix::new(&a, inner), Matrix::new(&b, right).turned_if(turn), &mut c, inner, columns);
                f64::multiply(
                    Matrix::new(&wide(&a), inner),
                    Matrix::new(&wide(&b), right).turned_if(turn),
                    &mut c_wide,
                    inner,
                    columns,
                );
                for (at, (found, found_wide)) in c.iter().zip(&c_wide).enumerate() {
                    let (row, column) = (at / columns, at % columns);
                    let right = |step: usize| if turn { b[column * inner + step] } else { b[step * columns + column] };
                    // Whole numbers, so that no order of summing changes anything.
                    let sum: f32 = (0..inner).map(|step| a[row * inner + step] * right(step)).sum();
                    assert_eq!((*found, *found_wide), (sum + 1.0, f64::from(sum + 1.0)), "{rows} {inner} {columns}");
                }
            }
        }
    }
}
