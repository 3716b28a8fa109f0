//! Convolutions of three by three by Winograd's minimal filtering F(2 x 2, 3 x 3) (Lavin and Gray 2015, arXiv:1509.09308): of each tile of four by four elements, 16
//! products give two by two results, for which the definition takes 36. What stands before and behind them only adds, so that they are as exact.

use std::ops::Range;

use super::lanes::Four;
use super::product::{Left, Quarter, WIDE, rows};

/// Products of a tile.
const POINTS: usize = 16;
/// Blocks of four tiles that are multiplied by one part of the weights, while that is in the processor's cache.
const BLOCKS: usize = 8;
/// Fewer channels than this are not worth it.
pub(super) const CHANNELS: usize = 8;

/// Weights, laid out for each of the sixteen products of a tile.
pub(super) struct Filters {
    points: Vec<Left>,
    channels: usize,
    out_channels: usize,
    /// What is multiplied of some blocks: by point, block and channel.
    spread: Vec<Four>,
    /// What comes of it: by point, block and four output channels.
    products: Vec<Quarter>,
}

/// Where the tiles of a plane lie: four side by side are a block.
pub(super) struct Tiles {
    /// Rows and columns of the result.
    out: [usize; 2],
    /// How many blocks stand side by side.
    across: usize,
    down: usize,
}

impl Tiles {
    /// For a result of so many rows and columns.
    pub(super) fn new(rows: usize, columns: usize) -> Self {
        Self { out: [rows, columns], across: columns.div_ceil(2 * WIDE), down: rows.div_ceil(2) }
    }

    /// Rows and columns that all tiles together cover, of the elements.
    pub(super) fn covered(&self) -> [usize; 2] {
        [2 * self.down + 2, 2 * WIDE * self.across + 2]
    }
}

/// How far from one point to the next, if a block has so many elements. A line of the cache more than they have: powers of two have the same place in it.
fn apart(of_block: usize, line: usize) -> usize {
    BLOCKS * of_block + line
}

impl Filters {
    /// Of weights: output channels, channels, three rows, three columns.
    pub(super) fn new(weights: &[f32], out_channels: usize, channels: usize) -> Self {
        // Halved sums of three: G of the paper.
        fn spread([a, b, c]: [f32; 3]) -> [f32; 4] {
            [a, 0.5 * (a + b + c), 0.5 * (a - b + c), c]
        }
        let spread: Vec<[f32; POINTS]> = weights
            .as_chunks::<9>()
            .0
            .iter()
            .map(|kernel| {
                let lines: [[f32; 4]; 3] =
                    std::array::from_fn(|row| spread([kernel[3 * row], kernel[3 * row + 1], kernel[3 * row + 2]]));
                let columns: [[f32; 4]; 4] =
                    std::array::from_fn(|column| spread([lines[0][column], lines[1][column], lines[2][column]]));
                std::array::from_fn(|point| columns[point % 4][point / 4])
            })
            .collect();
        let left =
            |point: usize| Left::new(out_channels, channels, |out, channel| spread[out * channels + channel][point]);
        Self {
            points: (0..POINTS).map(left).collect(),
            channels,
            out_channels,
            spread: vec![Four::splat(0.0); POINTS * apart(channels, WIDE)],
            products: vec![[Four::splat(0.0); WIDE]; POINTS * apart(out_channels.div_ceil(WIDE), 1)],
        }
    }

    /// Convolves one item: `padded` has the elements with their pads, channel after channel of `plane` elements in rows of `line`, and covers all tiles.
    pub(super) fn apply(
        &mut self,
        tiles: &Tiles,
        (padded, plane, line): (&[f32], usize, usize),
        bias: Option<&[f32]>,
        result: &mut [f32],
    ) {
        let count = tiles.across * tiles.down;
        let quarters = self.out_channels.div_ceil(WIDE);
        let (of_spread, of_products) = (apart(self.channels, WIDE), apart(quarters, 1));
        for from in (0..count).step_by(BLOCKS) {
            let blocks = BLOCKS.min(count - from);
            for block in 0..blocks {
                let (down, across) = ((from + block) / tiles.across, (from + block) % tiles.across);
                let start = 2 * down * line + 2 * WIDE * across;
                for channel in 0..self.channels {
                    let into = &mut self.spread[block * self.channels + channel..];
                    spread(&padded[channel * plane + start..], line, into, of_spread);
                }
            }
            for (point, left) in self.points.iter().enumerate() {
                for block in 0..blocks {
                    let lines = point * of_spread + block * self.channels;
                    let products = point * of_products + block * quarters;
                    let lines = &self.spread[lines..lines + self.channels];
                    let products = &mut self.products[products..products + quarters];
                    left.times_lines(lines, products);
                }
            }
            for block in 0..blocks {
                for quarter in 0..quarters {
                    let results = gathered(std::array::from_fn(|point| {
                        &self.products[point * of_products + block * quarters + quarter]
                    }));
                    let channels = quarter * WIDE..self.out_channels.min((quarter + 1) * WIDE);
                    put(tiles, from + block, channels, bias, &results, result);
                }
            }
        }
    }
}

/// Of four tiles side by side, what is multiplied: each vector has one of sixteen numbers of all four. They lie `apart` from each other.
#[inline(never)]
fn spread(values: &[f32], line: usize, into: &mut [Four], apart: usize) {
    fn spread([a, b, c, d]: [Four; 4]) -> [Four; 4] {
        [a - c, b + c, c - b, b - d]
    }
    let lines: [[Four; 4]; 4] = std::array::from_fn(|row| {
        let Some(values) = values[row * line..].first_chunk::<10>() else { return [Four::splat(0.0); 4] };
        let four = |at: usize| Four::from([values[at], values[at + 1], values[at + 2], values[at + 3]]);
        let (a, b, c, d) = (four(0), four(4), four(2), four(6));
        spread([a.pick::<0, 2, 4, 6>(b), a.pick::<1, 3, 5, 7>(b), c.pick::<0, 2, 4, 6>(d), c.pick::<1, 3, 5, 7>(d)])
    });
    for column in 0..4 {
        for (row, four) in spread(lines.map(|line| line[column])).into_iter().enumerate() {
            into[(row * 4 + column) * apart] = four;
        }
    }
}

/// The results of four tiles and four channels, of the products of each point: upper left, upper right, lower left, lower right, each by channel.
#[inline(never)]
fn gathered(points: [&Quarter; POINTS]) -> [[Four; WIDE]; 4] {
    fn gather(a: Four, b: Four, c: Four, d: Four) -> (Four, Four) {
        (a + b + c, b - c - d)
    }
    let result = |at: usize| {
        let column = |c: usize| gather(points[c][at], points[4 + c][at], points[8 + c][at], points[12 + c][at]);
        let columns = [column(0), column(1), column(2), column(3)];
        let [upper, lower] = [columns.map(|(upper, _)| upper), columns.map(|(_, lower)| lower)];
        let (upper_left, upper_right) = gather(upper[0], upper[1], upper[2], upper[3]);
        let (lower_left, lower_right) = gather(lower[0], lower[1], lower[2], lower[3]);
        [upper_left, upper_right, lower_left, lower_right]
    };
    let (a, b, c, d) = (result(0), result(1), result(2), result(3));
    [
        rows([a[0], b[0], c[0], d[0]]),
        rows([a[1], b[1], c[1], d[1]]),
        rows([a[2], b[2], c[2], d[2]]),
        rows([a[3], b[3], c[3], d[3]]),
    ]
}

/// Writes the results of a block, of some of four channels.
fn put(
    tiles: &Tiles,
    block: usize,
    channels: Range<usize>,
    bias: Option<&[f32]>,
    results: &[[Four; WIDE]; 4],
    into: &mut [f32],
) {
    let [rows, columns] = tiles.out;
    let (first_row, first) = (2 * (block / tiles.across), 2 * WIDE * (block % tiles.across));
    for (at, channel) in channels.enumerate() {
        let bias = Four::splat(bias.map_or(0.0, |bias| bias[channel]));
        for (row, side) in (first_row..rows).zip([0, 2]) {
            let (left, right) = (results[side][at] + bias, results[side + 1][at] + bias);
            let (first_four, others) = (left.pick::<0, 4, 1, 5>(right).array(), left.pick::<2, 6, 3, 7>(right).array());
            let start = (channel * rows + row) * columns;
            let into = &mut into[start + first..start + columns];
            let (into, values) = match into.as_chunks_mut() {
                ([four, more, ..], _) => {
                    (*four, *more) = (first_four, others);
                    continue;
                }
                ([four], rest) => {
                    *four = first_four;
                    (rest, others)
                }
                ([], rest) => (rest, first_four),
            };
            into.iter_mut().zip(values).for_each(|(into, value)| *into = value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_give_what_the_definition_gives_whatever_the_sizes() {
        for (channels, out_channels, rows_out, columns_out) in
            [(8, 8, 1, 1), (9, 13, 2, 8), (8, 17, 7, 9), (10, 8, 12, 31)]
        {
            let tiles = Tiles::new(rows_out, columns_out);
            let [down, line] = tiles.covered();
            let plane = down * line;
            // Whole numbers of which halves and quarters are exact.
            let number = |at: usize| ((at * 7919) % 23) as f32 - 11.0;
            let padded: Vec<f32> = (0..channels * plane).map(number).collect();
            let weights: Vec<f32> = (0..out_channels * channels * 9).map(|at| number(at + 5)).collect();
            let bias: Vec<f32> = (0..out_channels).map(number).collect();
            let mut found = vec![0.0; out_channels * rows_out * columns_out];
            Filters::new(&weights, out_channels, channels).apply(
                &tiles,
                (&padded, plane, line),
                Some(&bias),
                &mut found,
            );
            for (at, found) in found.iter().enumerate() {
                let (out, row, column) = (at / columns_out / rows_out, at / columns_out % rows_out, at % columns_out);
                let mut sum = bias[out];
                for channel in 0..channels {
                    for place in 0..9 {
                        let weight = weights[(out * channels + channel) * 9 + place];
                        sum += weight * padded[channel * plane + (row + place / 3) * line + column + place % 3];
                    }
                }
                assert_eq!(*found, sum, "channel {out}, row {row}, column {column}");
            }
        }
    }
}
