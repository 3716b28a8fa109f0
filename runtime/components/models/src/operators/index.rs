//! What takes elements by their places: slices, gathers, joins.

use super::{Context, Table, one};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Data, Kind, Tensor, Walk, axis, elements, map_each, strides};

pub(super) const TABLE: Table = &[
    ("Compress", compress),
    ("Concat", concat),
    ("Gather", gather),
    ("GatherElements", gather_elements),
    ("GatherND", gather_nd),
    ("OneHot", one_hot),
    ("Pad", pad),
    ("ScatterElements", scatter_elements),
    ("Slice", slice),
    ("Split", split),
    ("Tile", tile),
    ("Trilu", trilu),
];

/// Adds elements of the same kind.
pub(super) fn append(to: &mut Data, more: &Data) -> Done<()> {
    match (to, more) {
        (Data::F32(to), Data::F32(more)) => to.extend_from_slice(more),
        (Data::F64(to), Data::F64(more)) => to.extend_from_slice(more),
        (Data::I64(to), Data::I64(more)) => to.extend_from_slice(more),
        (Data::I32(to), Data::I32(more)) => to.extend_from_slice(more),
        (Data::I16(to), Data::I16(more)) => to.extend_from_slice(more),
        (Data::I8(to), Data::I8(more)) => to.extend_from_slice(more),
        (Data::U8(to), Data::U8(more)) => to.extend_from_slice(more),
        (Data::Bool(to), Data::Bool(more)) => to.extend_from_slice(more),
        (Data::Text(to), Data::Text(more)) => to.extend_from_slice(more),
        (to, more) => refuse!("elements of one kind are needed, and these are {} and {}", to.kind(), more.kind()),
    }
    Ok(())
}

/// Joins tensors along an axis.
pub(super) fn joined(tensors: &[&Tensor], at: i64) -> Done<Tensor> {
    let Some(first) = tensors.first() else { refuse!("there is nothing to join") };
    let at = axis(at, first.shape().len())?;
    let mut shape = first.shape().to_vec();
    shape[at] = 0;
    for tensor in tensors {
        let fits = tensor.shape().len() == shape.len()
            && tensor.shape().iter().enumerate().all(|(axis, size)| axis == at || *size == shape[axis]);
        if !fits {
            refuse!("{} does not fit {} along axis {at}", tensor.describe(), first.describe());
        }
        shape[at] += tensor.shape()[at];
    }
    elements(&shape)?;
    let mut data = super::shape::empty_like(first.data());
    if at == 0 {
        for tensor in tensors {
            append(&mut data, tensor.data())?;
        }
        return Tensor::of(shape, data);
    }
    // Pieces of each tensor in turn.
    let outer: usize = shape[..at].iter().product();
    let widths: Vec<usize> = tensors.iter().map(|tensor| tensor.shape()[at..].iter().product()).collect();
    macro_rules! pieces {
        ($kind:ident) => {{
            let mut parts = Vec::with_capacity(tensors.len());
            for tensor in tensors {
                match tensor.data() {
                    Data::$kind(values) => parts.push(values.as_slice()),
                    other => {
                        refuse!("elements of one kind are needed, and these are {} and {}", first.kind(), other.kind())
                    }
                }
            }
            let mut all = Vec::with_capacity(elements(&shape)?);
            for row in 0..outer {
                for (part, width) in parts.iter().zip(&widths) {
                    all.extend_from_slice(&part[row * width..(row + 1) * width]);
                }
            }
            Tensor::of(shape, all)
        }};
    }
    match first.kind() {
        Kind::F32 => pieces!(F32),
        Kind::F64 => pieces!(F64),
        Kind::I64 => pieces!(I64),
        Kind::I32 => pieces!(I32),
        Kind::I16 => pieces!(I16),
        Kind::I8 => pieces!(I8),
        Kind::U8 => pieces!(U8),
        Kind::Bool => pieces!(Bool),
        Kind::Text => pieces!(Text),
    }
}

fn concat(context: &mut Context<'_>) -> Done<Operator> {
    let at = context.attributes.int("axis", 1);
    Ok(Box::new(move |inputs| Ok(one(joined(&inputs.tensors()?, at)?))))
}

/// Indices that may be counted from the end.
fn places(indices: &Tensor, size: usize) -> Done<Vec<usize>> {
    indices.integers()?.iter().map(|index| place(*index, size)).collect()
}

fn place(index: i64, size: usize) -> Done<usize> {
    let count = i64::try_from(size).unwrap_or(i64::MAX);
    let from_start = if index < 0 { index.saturating_add(count) } else { index };
    match usize::try_from(from_start) {
        Ok(at) if at < size => Ok(at),
        _ => refuse!("index {index} is beyond the {size} elements of the axis"),
    }
}

fn gather(context: &mut Context<'_>) -> Done<Operator> {
    let at = context.attributes.int("axis", 0);
    Ok(Box::new(move |inputs| {
        let (tensor, indices) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let at = axis(at, tensor.shape().len())?;
        let places = places(indices, tensor.shape()[at])?;
        let inner: usize = tensor.shape()[at + 1..].iter().product();
        let outer: usize = tensor.shape()[..at].iter().product();
        let mut shape = tensor.shape()[..at].to_vec();
        shape.extend_from_slice(indices.shape());
        shape.extend_from_slice(&tensor.shape()[at + 1..]);
        elements(&shape)?;
        let step = tensor.shape()[at] * inner;
        let places = (0..outer).flat_map(|row| places.iter().map(move |place| row * step + place * inner));
        let places = places.flat_map(|start| start..start + inner);
        Ok(one(Tensor::of(shape, tensor.data().at(places))?))
    }))
}

fn gather_elements(context: &mut Context<'_>) -> Done<Operator> {
    let at = context.attributes.int("axis", 0);
    Ok(Box::new(move |inputs| {
        let (tensor, indices) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let places = along(tensor, indices, at)?;
        Ok(one(Tensor::of(indices.shape().to_vec(), tensor.data().at(places.into_iter()))?))
    }))
}

/// For each index its place in a tensor: where the index itself stands, but along one axis where it says.
fn along(tensor: &Tensor, indices: &Tensor, at: i64) -> Done<Vec<usize>> {
    let at = axis(at, tensor.shape().len())?;
    let fits = indices.shape().len() == tensor.shape().len()
        && indices.shape().iter().zip(tensor.shape()).enumerate().all(|(axis, (own, all))| axis == at || own <= all);
    if !fits {
        refuse!("the indices {} do not fit {}", indices.describe(), tensor.describe());
    }
    let own = strides(tensor.shape());
    let mut without = own.clone();
    without[at] = 0;
    let places = places(indices, tensor.shape()[at])?;
    Ok(Walk::new(indices.shape(), &without, 0).zip(places).map(|(base, place)| base + place * own[at]).collect())
}

fn scatter_elements(context: &mut Context<'_>) -> Done<Operator> {
    let at = context.attributes.int("axis", 0);
    let how = context.attributes.text("reduction", "none")?;
    if how != "none" {
        refuse!("the reduction `{how}` is not here");
    }
    Ok(Box::new(move |inputs| {
        let (tensor, indices, updates) = (inputs.tensor(0)?, inputs.tensor(1)?, inputs.tensor(2)?);
        if updates.shape() != indices.shape() {
            refuse!("the updates {} do not fit the indices {}", updates.describe(), indices.describe());
        }
        let mut order: Vec<usize> = (0..tensor.len()).collect();
        for (update, place) in along(tensor, indices, at)?.into_iter().enumerate() {
            order[place] = tensor.len() + update;
        }
        let mut all = tensor.data().clone();
        append(&mut all, updates.data())?;
        Ok(one(Tensor::of(tensor.shape().to_vec(), all.at(order.into_iter()))?))
    }))
}

fn gather_nd(context: &mut Context<'_>) -> Done<Operator> {
    if context.attributes.int("batch_dims", 0) != 0 {
        refuse!("batch_dims is not here");
    }
    Ok(Box::new(|inputs| {
        let (tensor, indices) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let Some((depth, outer)) = indices.shape().split_last() else { refuse!("the indices have no axis") };
        if *depth > tensor.shape().len() {
            refuse!("the indices {} do not fit {}", indices.describe(), tensor.describe());
        }
        let own = strides(tensor.shape());
        let inner: usize = tensor.shape()[*depth..].iter().product();
        let numbers = indices.integers()?;
        let mut shape = outer.to_vec();
        shape.extend_from_slice(&tensor.shape()[*depth..]);
        let count = outer.iter().product::<usize>();
        let mut places = Vec::with_capacity(elements(&shape)?);
        for at in 0..count {
            let index = &numbers[at * depth..(at + 1) * depth];
            let mut start = 0;
            for (axis, number) in index.iter().enumerate() {
                start += place(*number, tensor.shape()[axis])? * own[axis];
            }
            places.extend(start..start + inner);
        }
        Ok(one(Tensor::of(shape, tensor.data().at(places.into_iter()))?))
    }))
}

fn slice(context: &mut Context<'_>) -> Done<Operator> {
    let fixed = |name: &str| context.attributes.ints(name).map(<[i64]>::to_vec);
    let (starts, ends, axes) = (fixed("starts"), fixed("ends"), fixed("axes"));
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let bounds = |fixed: &Option<Vec<i64>>, at: usize| match fixed {
            Some(fixed) => Ok(Some(fixed.clone())),
            None => inputs.optional(at)?.map(Tensor::integers).transpose(),
        };
        let (Some(starts), Some(ends)) = (bounds(&starts, 1)?, bounds(&ends, 2)?) else {
            refuse!("starts and ends are missing")
        };
        let count = tensor.shape().len();
        let axes = match bounds(&axes, 3)? {
            Some(axes) => axes.into_iter().map(|at| axis(at, count)).collect::<Done<Vec<_>>>()?,
            None => (0..starts.len()).collect(),
        };
        let steps = inputs.optional(4)?.map_or_else(|| Ok(vec![1; starts.len()]), Tensor::integers)?;
        if ends.len() != starts.len() || axes.len() != starts.len() || steps.len() != starts.len() {
            refuse!("starts, ends, axes and steps differ in number");
        }
        let mut shape = tensor.shape().to_vec();
        let mut strides = strides(&shape);
        let mut offset = 0_usize;
        for (((start, end), at), step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
            let Some(size) = shape.get(*at).and_then(|size| i64::try_from(*size).ok()) else {
                refuse!("axis {at} is beyond the {count} axes")
            };
            if *step == 0 {
                refuse!("a step is 0");
            }
            let (low, high) = if *step > 0 { (0, size) } else { (-1, size - 1) };
            let bound = |at: i64| if at < 0 { at.saturating_add(size) } else { at }.clamp(low, high);
            let from = if *step > 0 { bound(*start) } else { bound(*start).max(0).min(size - 1) };
            let to = if *end < -size && *step < 0 { -1 } else { bound(*end) };
            let distance = if *step > 0 { to - from } else { from - to };
            let taken = if distance <= 0 || size == 0 { 0 } else { (distance - 1) / step.saturating_abs() + 1 };
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "offsets wrap around, and so come back"
            )]
            if taken > 0 {
                offset = offset.wrapping_add((from as usize).wrapping_mul(strides[*at]));
                strides[*at] = strides[*at].wrapping_mul(*step as usize);
            }
            shape[*at] = usize::try_from(taken).unwrap_or(0);
        }
        let walk = Walk::new(&shape, &strides, offset);
        Ok(one(Tensor::of(shape, tensor.data().at(walk))?))
    }))
}

fn split(context: &mut Context<'_>) -> Done<Operator> {
    let at = context.attributes.int("axis", 0);
    let fixed = context.attributes.ints("split").map(<[i64]>::to_vec);
    let parts = context.outputs;
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let at = axis(at, tensor.shape().len())?;
        let size = tensor.shape()[at];
        let widths: Vec<usize> = if let Some(widths) = super::shape::axes(inputs, 1, fixed.as_ref())? {
            let width =
                |width: &i64| usize::try_from(*width).map_err(|_| format!("a part has the size {width}").into());
            widths.iter().map(width).collect::<Done<_>>()?
        } else {
            // The last part is smaller if they cannot be equal.
            let width = size.div_ceil(parts.max(1));
            (0..parts).map(|part| width.min(size.saturating_sub(part * width))).collect()
        };
        if widths.iter().try_fold(0_usize, |sum, width| sum.checked_add(*width)) != Some(size) || widths.len() < parts {
            refuse!("parts of {widths:?} are not the {size} elements of axis {at}");
        }
        let own = strides(tensor.shape());
        let mut start = 0;
        let mut outputs = Vec::with_capacity(parts);
        for width in widths {
            let mut shape = tensor.shape().to_vec();
            shape[at] = width;
            let walk = Walk::new(&shape, &own, start * own[at]);
            outputs.push(Tensor::of(shape, tensor.data().at(walk))?.into());
            start += width;
        }
        Ok(outputs)
    }))
}

fn tile(_: &mut Context<'_>) -> Done<Operator> {
    Ok(Box::new(|inputs| {
        let (tensor, repeats) = (inputs.tensor(0)?, inputs.tensor(1)?.integers()?);
        if repeats.len() != tensor.shape().len() {
            refuse!("{} axes are repeated by {} numbers", tensor.shape().len(), repeats.len());
        }
        // Each axis becomes two: how often, and its own.
        let (mut wide, mut steps, mut shape) = (Vec::new(), Vec::new(), Vec::new());
        for ((size, repeat), stride) in tensor.shape().iter().zip(&repeats).zip(strides(tensor.shape())) {
            let repeat = usize::try_from(*repeat).unwrap_or(0);
            wide.extend([repeat, *size]);
            steps.extend([0, stride]);
            shape.push(size.saturating_mul(repeat));
        }
        elements(&shape)?;
        Ok(one(Tensor::of(shape, tensor.data().at(Walk::new(&wide, &steps, 0)))?))
    }))
}

fn compress(context: &mut Context<'_>) -> Done<Operator> {
    let at = context.attributes.maybe_int("axis");
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let kept = super::logic::truths(inputs.tensor(1)?)?;
        let chosen = kept.iter().enumerate().filter(|(_, kept)| **kept).map(|(at, _)| at);
        let Some(at) = at else {
            let chosen: Vec<usize> = chosen.filter(|at| *at < tensor.len()).collect();
            return Ok(one(Tensor::of(vec![chosen.len()], tensor.data().at(chosen.into_iter()))?));
        };
        let at = axis(at, tensor.shape().len())?;
        let chosen: Vec<usize> = chosen.filter(|place| *place < tensor.shape()[at]).collect();
        let inner: usize = tensor.shape()[at + 1..].iter().product();
        let outer: usize = tensor.shape()[..at].iter().product();
        let step = tensor.shape()[at] * inner;
        let mut shape = tensor.shape().to_vec();
        shape[at] = chosen.len();
        let places = (0..outer).flat_map(|row| chosen.iter().map(move |place| row * step + place * inner));
        Ok(one(Tensor::of(shape, tensor.data().at(places.flat_map(|start| start..start + inner)))?))
    }))
}

fn one_hot(context: &mut Context<'_>) -> Done<Operator> {
    let at = context.attributes.int("axis", -1);
    Ok(Box::new(move |inputs| {
        let (indices, depth, values) = (inputs.tensor(0)?, inputs.tensor(1)?.doubles()?, inputs.tensor(2)?);
        let (Some(depth), 2) = (depth.first(), values.len()) else { refuse!("depth, or the two values, are missing") };
        #[allow(clippy::cast_possible_truncation, reason = "larger ones are refused")]
        let depth = *depth as i64;
        let Ok(width) = usize::try_from(depth) else { refuse!("the depth is {depth}") };
        let at = axis(at, indices.shape().len() + 1)?;
        let mut shape = indices.shape().to_vec();
        shape.insert(at, width);
        elements(&shape)?;
        let inner: usize = indices.shape()[at..].iter().product();
        let outer: usize = indices.shape()[..at].iter().product();
        #[allow(clippy::cast_possible_truncation, reason = "indices beyond are no element's")]
        let numbers: Vec<i64> = indices.doubles()?.iter().map(|index| *index as i64).collect();
        let mut places = Vec::with_capacity(elements(&shape)?);
        for row in 0..outer {
            for class in 0..depth {
                for column in 0..inner {
                    let index = numbers[row * inner + column];
                    let index = if index < 0 { index.saturating_add(depth) } else { index };
                    places.push(usize::from(index == class));
                }
            }
        }
        Ok(one(Tensor::of(shape, values.data().at(places.into_iter()))?))
    }))
}

fn pad(context: &mut Context<'_>) -> Done<Operator> {
    let mode = context.attributes.text("mode", "constant")?;
    let fixed = context.attributes.ints("pads").or(context.attributes.ints("paddings")).map(<[i64]>::to_vec);
    let value = context.attributes.float("value", 0.0);
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let count = tensor.shape().len();
        let Some(given) = super::shape::axes(inputs, 1, fixed.as_ref())? else { refuse!("its pads are missing") };
        let axes = match inputs.optional(3)? {
            Some(axes) => axes.integers()?.into_iter().map(|at| axis(at, count)).collect::<Done<Vec<_>>>()?,
            None => (0..count).collect(),
        };
        if given.len() != 2 * axes.len() {
            refuse!("{} axes have {} pads, and need two each", axes.len(), given.len());
        }
        let mut pads = vec![(0_i64, 0_i64); count];
        for (at, axis) in axes.iter().enumerate() {
            pads[*axis] = (given[at], given[at + axes.len()]);
        }
        let mut shape = Vec::with_capacity(count);
        for (size, (before, after)) in tensor.shape().iter().zip(&pads) {
            let size = i64::try_from(*size).unwrap_or(i64::MAX).saturating_add(*before).saturating_add(*after);
            shape.push(usize::try_from(size).map_err(|_| "pads take away more than there is")?);
        }
        let total = elements(&shape)?;
        let mut all = tensor.data().clone();
        let filler = match inputs.optional(2)? {
            Some(filler) if filler.len() == 1 => filler.data().clone(),
            _ if tensor.kind() == Kind::Text => vec![String::new()].into(),
            _ => super::cast::cast(&Tensor::vector(vec![value]), tensor.kind())?.into_data(),
        };
        append(&mut all, &filler)?;
        let own = strides(tensor.shape());
        let ones = strides(&shape);
        let mut places = Vec::with_capacity(total);
        for flat in 0..total {
            let mut place = Some(0);
            for at in 0..count {
                let here = i64::try_from(flat / ones[at] % shape[at]).unwrap_or(0) - pads[at].0;
                let size = i64::try_from(tensor.shape()[at]).unwrap_or(0);
                let source = match mode.as_str() {
                    _ if (0..size).contains(&here) => Some(here),
                    "constant" => None,
                    "edge" if size > 0 => Some(here.clamp(0, size - 1)),
                    "reflect" if size > 1 => {
                        let period = 2 * (size - 1);
                        let within = here.rem_euclid(period);
                        Some(if within < size { within } else { period - within })
                    }
                    "wrap" if size > 0 => Some(here.rem_euclid(size)),
                    other => refuse!("an axis of {size} cannot be padded by the mode `{other}`"),
                };
                let source = source.and_then(|source| usize::try_from(source).ok());
                place = place.zip(source).map(|(place, source)| place + source * own[at]);
            }
            places.push(place.unwrap_or(tensor.len()));
        }
        Ok(one(Tensor::of(shape, all.at(places.into_iter()))?))
    }))
}

fn trilu(context: &mut Context<'_>) -> Done<Operator> {
    let upper = context.attributes.int("upper", 1) != 0;
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let diagonal = match inputs.optional(1)? {
            Some(diagonal) => diagonal.integers()?.first().copied().unwrap_or(0),
            None => 0,
        };
        let [.., rows, columns] = tensor.shape() else { refuse!("a matrix is needed") };
        let kept = |flat: usize| {
            let (row, column) = (flat / columns % rows, flat % columns);
            let distance = i64::try_from(column).unwrap_or(0) - i64::try_from(row).unwrap_or(0);
            if upper { distance >= diagonal } else { distance <= diagonal }
        };
        let mut all = tensor.data().clone();
        let zero = map_each!(&all, values => values.iter().take(0).cloned().chain([Default::default()]).collect());
        append(&mut all, &zero)?;
        let places = (0..tensor.len()).map(|flat| if kept(flat) { flat } else { tensor.len() });
        Ok(one(Tensor::of(tensor.shape().to_vec(), all.at(places))?))
    }))
}
