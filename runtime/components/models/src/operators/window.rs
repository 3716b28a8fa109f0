//! What slides a window over the axes behind the channels: convolution and pooling, on one to three axes.

use super::matrix::multiply;
use super::{Context, Table, one};
use crate::error::{Done, refuse};
use crate::onnx::{Attributes, Operator};
use crate::tensor::{Data, Tensor, elements, strides};

pub(super) const TABLE: Table = &[
    ("AveragePool", pool),
    ("Conv", convolution),
    ("GlobalAveragePool", global),
    ("GlobalMaxPool", global),
    ("MaxPool", pool),
];

/// How a window moves.
struct Window {
    kernel: Option<Vec<usize>>,
    strides: Option<Vec<usize>>,
    dilations: Option<Vec<usize>>,
    pads: Option<Vec<usize>>,
    auto: String,
    ceiling: bool,
}

/// The same with numbers for each axis.
struct Moves {
    kernel: Vec<usize>,
    strides: Vec<usize>,
    dilations: Vec<usize>,
    before: Vec<usize>,
    /// Sizes of what comes out.
    out: Vec<usize>,
    /// Sizes of what goes in, pads within.
    padded: Vec<usize>,
}

impl Window {
    fn new(attributes: &Attributes<'_>) -> Done<Self> {
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

    fn moves(&self, sizes: &[usize], kernel: Option<&[usize]>) -> Done<Moves> {
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
    /// For each window and each place within it: the element there, none in the pads.
    fn visit(&self, sizes: &[usize], mut each: impl FnMut(usize, usize, Option<usize>)) {
        let axes = sizes.len();
        let own = strides(sizes);
        let (out, within) = (strides(&self.out), strides(&self.kernel));
        for window in 0..self.out.iter().product() {
            for place in 0..self.kernel.iter().product() {
                let mut source = Some(0);
                for at in 0..axes {
                    let start = window / out[at] % self.out[at] * self.strides[at];
                    let here = start + place / within[at] % self.kernel[at] * self.dilations[at];
                    let here = here.checked_sub(self.before[at]).filter(|here| *here < sizes[at]);
                    source = source.zip(here).map(|(source, here)| source + here * own[at]);
                }
                each(window, place, source);
            }
        }
    }
}

fn floats(tensor: &Tensor) -> Done<&[f32]> {
    match tensor.data() {
        Data::F32(values) => Ok(values),
        other => refuse!("floats are needed, and these are {}", other.kind()),
    }
}

/// A convolution as a product: each window becomes a column.
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
        let (plane, windows) = (sizes.iter().product::<usize>(), moves.out.iter().product::<usize>());
        let places: usize = kernel.iter().product();
        let inner = part * places;
        elements(&[inner.max(places), windows])?;
        let mut shape = vec![*batch, *out_channels];
        shape.extend(&moves.out);
        let mut result = vec![0.0_f32; elements(&shape)?];
        // Where each element of a column comes from is the same for each channel.
        let mut sources = vec![usize::MAX; places * windows];
        moves.visit(sizes, |window, place, source| sources[place * windows + window] = source.unwrap_or(usize::MAX));
        let mut columns = vec![0.0_f32; inner * windows];
        let per_group = out_channels / groups;
        for (item, result) in result.chunks_exact_mut((out_channels * windows).max(1)).enumerate() {
            for group in 0..groups {
                for channel in 0..*part {
                    let start = (item * channels + group * part + channel) * plane;
                    let from = &values[start..start + plane];
                    let into = &mut columns[channel * places * windows..(channel + 1) * places * windows];
                    for (into, source) in into.iter_mut().zip(&sources) {
                        *into = from.get(*source).copied().unwrap_or(0.0);
                    }
                }
                let weights = &weights[group * per_group * inner..(group + 1) * per_group * inner];
                let into = &mut result[group * per_group * windows..(group + 1) * per_group * windows];
                if let Some(bias) = bias {
                    for (line, bias) in into.chunks_exact_mut(windows.max(1)).zip(&bias[group * per_group..]) {
                        line.fill(*bias);
                    }
                }
                multiply(weights, &columns, into, inner, windows);
            }
        }
        Ok(one(Tensor::of(shape, result)?))
    }))
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
        let mut result = Vec::with_capacity(elements(&shape)?);
        let places: usize = moves.kernel.iter().product();
        elements(&[places, windows])?;
        // Places of a window, and how many elements an average counts: pads do if they are asked to, what lies beyond them never does.
        let mut sources: Vec<Vec<usize>> = vec![Vec::new(); windows];
        moves.visit(sizes, |window, _, source| {
            if let Some(source) = source {
                sources[window].push(source);
            }
        });
        let counts: Vec<usize> = (0..windows)
            .map(|window| {
                if !pads_count {
                    return sources[window].len();
                }
                let out = strides(&moves.out);
                let counted = (0..sizes.len()).map(|at| {
                    let start = window / out[at] % moves.out[at] * moves.strides[at];
                    (0..moves.kernel[at]).filter(|step| start + step * moves.dilations[at] < moves.padded[at]).count()
                });
                counted.product()
            })
            .collect();
        for plane in values.chunks_exact(sizes.iter().product::<usize>().max(1)) {
            for (sources, count) in sources.iter().zip(&counts) {
                let inside = sources.iter().map(|at| plane[*at]);
                result.push(if largest {
                    inside.fold(f32::NEG_INFINITY, |a, b| if a > b || a.is_nan() { a } else { b })
                } else {
                    inside.sum::<f32>() / *count as f32
                });
            }
        }
        Ok(one(Tensor::of(shape, result)?))
    }))
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
