//! Convolutions, on one to three axes.

use super::lanes::{Four, copy};
use super::product::{Left, WIDE};
use super::window::{Moves, Window, floats};
use super::winograd::{self, Filters, Tiles};
use super::{Context, Table, one};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Tensor, elements, strides};

pub(super) const TABLE: Table = &[("Conv", convolution)];

/// From this many results on of each channel, laying out weights for Winograd's filtering takes less than it saves.
const ENOUGH: usize = 64;

/// The elements of a tensor's item with its pads, and where the windows of a convolution find theirs in it.
struct Padded {
    /// The elements, channel after channel.
    values: Vec<f32>,
    /// How many a channel has.
    plane: usize,
    /// Where in `values` each line of the item goes: lines run along the last axis.
    lines: Vec<usize>,
    /// How long a line is.
    line: usize,
    /// How long it is with pads.
    room: usize,
    /// The first element of each window, in the first channel.
    starts: Vec<usize>,
    /// How far from there each element is, of some channels.
    offsets: Vec<usize>,
}

impl Padded {
    /// For items of so many channels of these sizes, and windows over so many of them, with room for what tiles cover.
    fn new(channels: usize, sizes: &[usize], part: usize, moves: &Moves, covered: Option<[usize; 2]>) -> Done<Self> {
        let mut room = moves.padded.clone();
        for (room, covered) in room.iter_mut().zip(covered.iter().flatten()) {
            *room = (*room).max(*covered);
        }
        let plane = elements(&room)?;
        let values = vec![0.0; elements(&[channels, plane])?];
        let steps = strides(&room);
        // The places of a grid, by how far its steps lead along each axis.
        let places = |grid: &[usize], factors: &[usize]| -> Vec<usize> {
            let within = strides(grid);
            let place = |at: usize| {
                (0..grid.len()).map(|axis| at / within[axis] % grid[axis] * factors[axis] * steps[axis]).sum()
            };
            (0..grid.iter().product()).map(place).collect()
        };
        let ones = vec![1; sizes.len()];
        let starts = places(&moves.out, &moves.strides);
        let window = places(&moves.kernel, &moves.dilations);
        elements(&[part, window.len()])?;
        let offsets = (0..part).flat_map(|channel| window.iter().map(move |at| channel * plane + at)).collect();
        let (outer, line) = match sizes.split_last() {
            Some((line, _)) => ([&sizes[..sizes.len() - 1], &[1]].concat(), *line),
            None => (vec![], 1),
        };
        let first: usize = moves.before.iter().zip(&steps).map(|(before, step)| before * step).sum();
        let own = places(&outer, &ones);
        let lines = (0..channels).flat_map(|channel| own.iter().map(move |at| channel * plane + first + at)).collect();
        let room = room.last().copied().unwrap_or(1);
        Ok(Self { values, plane, lines, line, room, starts, offsets })
    }

    /// Takes the elements of an item. The pads stay as they are.
    fn take(&mut self, item: &[f32]) {
        for (start, line) in self.lines.iter().zip(item.chunks_exact(self.line.max(1))) {
            copy(line, &mut self.values[*start..start + line.len()]);
        }
    }

    /// Lays out the windows from one on, four side by side: a line for each of their elements, from a channel on.
    fn windows(&self, channel: usize, from: usize, count: usize, lines: &mut [Four]) {
        let starts: [usize; WIDE] = std::array::from_fn(|at| self.starts[from + at.min(count - 1)]);
        let values = &self.values[channel * self.plane..];
        // Windows that are neighbours in one line lie side by side.
        let neighbours = count == WIDE && starts[WIDE - 1] - starts[0] == WIDE - 1;
        for (line, offset) in lines.iter_mut().zip(&self.offsets) {
            *line = match values[starts[0] + offset..].first_chunk() {
                Some(values) if neighbours => Four::from(*values),
                _ => Four::from(starts.map(|start| values[start + offset])),
            };
        }
    }
}

/// A convolution as a product: each window is a column of the right factor.
fn convolution(context: &mut Context<'_>) -> Done<Operator> {
    let window = Window::new(context.attributes)?;
    let groups = context.attributes.int("group", 1);
    let Some(groups) = usize::try_from(groups).ok().filter(|groups| *groups > 0) else {
        refuse!("there are {groups} groups")
    };
    Ok(Box::new(move |inputs| {
        let (tensor, weights) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let ([batch, channels, sizes @ ..], [out_channels, part, kernel @ ..]) = (tensor.shape(), weights.shape())
        else {
            refuse!("an input and weights with channels are needed")
        };
        if part * groups != *channels || out_channels % groups != 0 || kernel.len() != sizes.len() {
            refuse!("weights {} do not fit {} in {groups} groups", weights.describe(), tensor.describe());
        }
        let bias = inputs.optional(2)?.map(floats).transpose()?;
        if bias.is_some_and(|bias| bias.len() != *out_channels) {
            refuse!("the bias must have {out_channels} elements");
        }
        let moves = window.moves(sizes, Some(kernel))?;
        if moves.kernel != kernel {
            refuse!("the kernel {:?} is not that of the weights, {kernel:?}", moves.kernel);
        }
        let (values, weights) = (floats(tensor)?, floats(weights)?);
        let (item, windows) = (channels * sizes.iter().product::<usize>(), moves.out.iter().product::<usize>());
        let mut shape = vec![*batch, *out_channels];
        shape.extend(&moves.out);
        let mut result = vec![0.0_f32; elements(&shape)?];
        let (inner, per_group) = (part * kernel.iter().product::<usize>(), out_channels / groups);
        let results = result.chunks_exact_mut((out_channels * windows).max(1));
        let items = values.chunks_exact(item.max(1)).zip(results);
        let minimal = groups == 1
            && *kernel == [3, 3]
            && moves.strides == [1, 1]
            && moves.dilations == [1, 1]
            && *part.min(out_channels) >= winograd::CHANNELS
            && batch * windows >= ENOUGH;
        if let ([rows, columns], true) = (moves.out.as_slice(), minimal) {
            let tiles = Tiles::new(*rows, *columns);
            let mut filters = Filters::new(weights, *out_channels, *channels);
            let mut padded = Padded::new(*channels, sizes, *part, &moves, Some(tiles.covered()))?;
            for (values, result) in items {
                padded.take(values);
                filters.apply(&tiles, (&padded.values, padded.plane, padded.room), bias, result);
            }
        } else {
            let factors: Vec<Left> = weights
                .chunks_exact((per_group * inner).max(1))
                .map(|weights| Left::new(per_group, inner, |row, step| weights[row * inner + step]))
                .collect();
            let mut padded = Padded::new(*channels, sizes, *part, &moves, None)?;
            for (values, result) in items {
                padded.take(values);
                for (group, factor) in factors.iter().enumerate() {
                    let lay = |from: usize, count: usize, lines: &mut [Four]| {
                        padded.windows(group * part, from, count, lines);
                    };
                    let take = |row: usize, from: usize, count: usize, sums: Four| {
                        let channel = group * per_group + row;
                        let sums = (sums + Four::splat(bias.map_or(0.0, |bias| bias[channel]))).array();
                        let into = &mut result[channel * windows + from..];
                        match into.first_chunk_mut() {
                            Some(into) if count == WIDE => *into = sums,
                            _ => into.iter_mut().zip(sums).take(count).for_each(|(into, sum)| *into = sum),
                        }
                    };
                    factor.times(windows, lay, take);
                }
            }
        }
        Ok(one(Tensor::of(shape, result)?))
    }))
}
