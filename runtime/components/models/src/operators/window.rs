//! What slides a window over the axes behind the channels, on one to three axes, and pooling.

use super::lanes::Four;
use super::{Context, Table, one};
use crate::error::{Done, refuse};
use crate::onnx::{Attributes, Operator};
use crate::tensor::{Data, Tensor, elements, strides};

pub(super) const TABLE: Table =
    &[("AveragePool", pool), ("GlobalAveragePool", global), ("GlobalMaxPool", global), ("MaxPool", pool)];

/// How a window moves.
pub(super) struct Window {
    kernel: Option<Vec<usize>>,
    strides: Option<Vec<usize>>,
    dilations: Option<Vec<usize>>,
    pads: Option<Vec<usize>>,
    auto: String,
    ceiling: bool,
}

/// The same with numbers for each axis.
pub(super) struct Moves {
    pub(super) kernel: Vec<usize>,
    pub(super) strides: Vec<usize>,
    pub(super) dilations: Vec<usize>,
    pub(super) before: Vec<usize>,
    /// Sizes of what comes out.
    pub(super) out: Vec<usize>,
    /// Sizes of what goes in, pads within.
    pub(super) padded: Vec<usize>,
}

impl Window {
    pub(super) fn new(attributes: &Attributes<'_>) -> Done<Self> {
        let list = |name: &str| -> Done<Option<Vec<usize>>> {
            let Some(list) = attributes.ints(name) else { return Ok(None) };
            let size = |size: &i64| match usize::try_from(*size) {
                Ok(size) if size <= 1 << 20 => Ok(size),
                _ => refuse!("`{name}` has the number {size}"),
            };
            list.iter().map(size).collect::<Done<_>>().map(Some)
        };
        Ok(Self {
            kernel: list("kernel_shape")?,
            strides: list("strides")?,
            dilations: list("dilations")?,
            pads: list("pads")?,
            auto: attributes.text("auto_pad", "NOTSET")?,
            ceiling: attributes.int("ceil_mode", 0) != 0,
        })
    }

    pub(super) fn moves(&self, sizes: &[usize], kernel: Option<&[usize]>) -> Done<Moves> {
        let axes = sizes.len();
        let kernel = match (&self.kernel, kernel) {
            (Some(kernel), _) => kernel.clone(),
            (None, Some(kernel)) => kernel.to_vec(),
            (None, None) => refuse!("the attribute `kernel_shape` is missing"),
        };
        let strides = self.strides.clone().unwrap_or_else(|| vec![1; axes]);
        let dilations = self.dilations.clone().unwrap_or_else(|| vec![1; axes]);
        let pads = self.pads.clone().unwrap_or_else(|| vec![0; 2 * axes]);
        if kernel.len() != axes || strides.len() != axes || dilations.len() != axes || pads.len() != 2 * axes {
            refuse!("kernel, strides, dilations and pads do not fit the {axes} axes behind the channels");
        }
        if strides.contains(&0) || dilations.contains(&0) || kernel.contains(&0) {
            refuse!("a kernel, a stride or a dilation is 0");
        }
        let mut moves = Moves { kernel, strides, dilations, before: vec![], out: vec![], padded: vec![] };
        for (at, size) in sizes.iter().enumerate() {
            let reach = (moves.kernel[at] - 1).saturating_mul(moves.dilations[at]).saturating_add(1);
            let (before, after) = match self.auto.as_str() {
                "SAME_UPPER" | "SAME_LOWER" => {
                    let out = size.div_ceil(moves.strides[at]);
                    let needed = ((out.max(1) - 1) * moves.strides[at] + reach).saturating_sub(*size);
                    let half = needed / 2;
                    if self.auto == "SAME_UPPER" { (half, needed - half) } else { (needed - half, half) }
                }
                "VALID" => (0, 0),
                _ => (pads[at], pads[at + axes]),
            };
            let padded = size + before + after;
            let Some(room) = padded.checked_sub(reach) else {
                refuse!("the window reaches over {reach} elements, and axis {} has {padded} with pads", at + 2)
            };
            let mut out = if self.ceiling { room.div_ceil(moves.strides[at]) } else { room / moves.strides[at] } + 1;
            // No window begins behind all elements.
            if self.ceiling && (out - 1) * moves.strides[at] >= size + before {
                out -= 1;
            }
            moves.before.push(before);
            moves.out.push(out);
            moves.padded.push(padded);
        }
        Ok(moves)
    }
}

impl Moves {
    /// Which elements of a plane windows have in each of their places, as runs of windows that are neighbours along the last axis; and how many each window has.
    fn runs(&self, sizes: &[usize]) -> (Vec<Run>, Vec<usize>) {
        let own = strides(sizes);
        let (out, within) = (strides(&self.out), strides(&self.kernel));
        let windows: usize = self.out.iter().product();
        let mut runs: Vec<Run> = Vec::new();
        let mut inside = vec![0; windows];
        for place in 0..self.kernel.iter().product() {
            for (window, inside) in inside.iter_mut().enumerate() {
                let mut source = Some(0);
                for at in 0..sizes.len() {
                    let start = window / out[at] % self.out[at] * self.strides[at];
                    let here = start + place / within[at] % self.kernel[at] * self.dilations[at];
                    let here = here.checked_sub(self.before[at]).filter(|here| *here < sizes[at]);
                    source = source.zip(here).map(|(source, here)| source + here * own[at]);
                }
                let Some(source) = source else { continue };
                *inside += 1;
                let line = self.out.last().copied().unwrap_or(1);
                match runs.last_mut() {
                    Some(run) if run.place == place && run.window + run.count == window && window % line != 0 => {
                        run.count += 1;
                    }
                    _ => runs.push(Run { place, window, source, count: 1 }),
                }
            }
        }
        (runs, inside)
    }

    /// How many places of each window are elements or pads: what lies beyond these never counts.
    fn counted(&self) -> Vec<usize> {
        let out = strides(&self.out);
        let counted = |window: usize| {
            let counted = (0..self.out.len()).map(|at| {
                let start = window / out[at] % self.out[at] * self.strides[at];
                (0..self.kernel[at]).filter(|step| start + step * self.dilations[at] < self.padded[at]).count()
            });
            counted.product()
        };
        (0..self.out.iter().product()).map(counted).collect()
    }
}

/// Windows that are neighbours along the last axis, and an element of each, in the same place of all.
struct Run {
    place: usize,
    /// The first window.
    window: usize,
    /// Its element. Those of the others follow as the windows do.
    source: usize,
    count: usize,
}

pub(super) fn floats(tensor: &Tensor) -> Done<&[f32]> {
    match tensor.data() {
        Data::F32(values) => Ok(values),
        other => refuse!("floats are needed, and these are {}", other.kind()),
    }
}

fn pool(context: &mut Context<'_>) -> Done<Operator> {
    let window = Window::new(context.attributes)?;
    let largest = context.name == "MaxPool";
    let pads_count = context.attributes.int("count_include_pad", 0) != 0;
    if context.outputs > 1 {
        refuse!("the places of the largest are an output, which is not here");
    }
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let [batch, channels, sizes @ ..] = tensor.shape() else { refuse!("a tensor with channels is needed") };
        let moves = window.moves(sizes, None)?;
        let values = floats(tensor)?;
        let windows: usize = moves.out.iter().product();
        let mut shape = vec![*batch, *channels];
        shape.extend(&moves.out);
        let places: usize = moves.kernel.iter().product();
        elements(&[places, windows])?;
        let plane: usize = sizes.iter().product();
        let mut result = vec![if largest { f32::NEG_INFINITY } else { 0.0 }; elements(&shape)?];
        let (runs, inside) = moves.runs(sizes);
        let counts = if pads_count { moves.counted() } else { inside };
        let step = moves.strides.last().copied().unwrap_or(1);
        let planes = values.chunks_exact(plane.max(1)).zip(result.chunks_exact_mut(windows.max(1)));
        for (plane, result) in planes {
            for run in &runs {
                let into = &mut result[run.window..run.window + run.count];
                let mut from = &plane[run.source..];
                if largest {
                    let done = if step == 2 { largest_of_pairs(into, from) } else { 0 };
                    from = &from[step * done..];
                    // NaN stays.
                    let each = into[done..].iter_mut().zip(from.iter().step_by(step));
                    each.for_each(|(a, b)| *a = if *a > *b || a.is_nan() { *a } else { *b });
                } else {
                    into.iter_mut().zip(from.iter().step_by(step)).for_each(|(a, b)| *a += b);
                }
            }
            if !largest {
                result.iter_mut().zip(&counts).for_each(|(sum, count)| *sum /= *count as f32);
            }
        }
        Ok(one(Tensor::of(shape, result)?))
    }))
}

/// The larger of each number and of every other one, four at once as far as there are eight of these, which is nearly all that networks pool. Returns how many.
fn largest_of_pairs(into: &mut [f32], from: &[f32]) -> usize {
    let (fours, _) = into.as_chunks_mut();
    let mut done = 0;
    for (into, [first, second]) in fours.iter_mut().zip(from.as_chunks().0.as_chunks().0) {
        let every_other = Four::from(*first).pick::<0, 2, 4, 6>(Four::from(*second));
        *into = Four::from(*into).max(every_other).array();
        done += 4;
    }
    done
}

fn global(context: &mut Context<'_>) -> Done<Operator> {
    let largest = context.name == "GlobalMaxPool";
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let [batch, channels, sizes @ ..] = tensor.shape() else { refuse!("a tensor with channels is needed") };
        let plane: usize = sizes.iter().product();
        if plane == 0 {
            refuse!("there is nothing behind the channels");
        }
        let pooled: Vec<f32> = floats(tensor)?
            .chunks_exact(plane)
            .map(|plane| match largest {
                true => plane.iter().copied().fold(f32::NEG_INFINITY, f32::max),
                false => plane.iter().sum::<f32>() / plane.len() as f32,
            })
            .collect();
        let mut shape = vec![*batch, *channels];
        shape.extend(sizes.iter().map(|_| 1));
        Ok(one(Tensor::of(shape, pooled)?))
    }))
}
