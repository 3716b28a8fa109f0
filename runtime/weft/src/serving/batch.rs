//! Several requests as one call: their tensors joined along the first axis, and the answer taken apart again.

use weft_sandbox::Tensor;

/// The number of rows of a request, if its tensors all have a first axis of the same size.
pub(super) fn rows(inputs: &[Tensor]) -> Option<u64> {
    let first = *inputs.first()?.shape.first()?;
    inputs.iter().all(|input| input.shape.first() == Some(&first)).then_some(first)
}

/// Whether two requests can be joined: the same inputs, of the same types and of the same sizes behind the first axis.
pub(super) fn fit(one: &[Tensor], other: &[Tensor]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| {
            one.name == other.name
                && one.datatype == other.datatype
                && one.shape.len() == other.shape.len()
                && one.shape.get(1..) == other.shape.get(1..)
        })
}

/// One request of several that [`fit`] together.
#[expect(clippy::needless_pass_by_value, reason = "an iterator that is cloned")]
pub(super) fn join<'a>(requests: impl Iterator<Item = &'a [Tensor]> + Clone) -> Vec<Tensor> {
    let Some(first) = requests.clone().next() else { return Vec::new() };
    let joined = first.iter().enumerate().map(|(at, tensor)| {
        let parts = requests.clone().filter_map(|request| request.get(at));
        let (mut rows, mut data) = (0, Vec::with_capacity(parts.clone().map(|part| part.data.len()).sum()));
        for part in parts {
            rows += part.shape.first().copied().unwrap_or(0);
            data.extend_from_slice(&part.data);
        }
        let mut shape = tensor.shape.clone();
        if let Some(first) = shape.first_mut() {
            *first = rows;
        }
        Tensor { name: tensor.name.clone(), datatype: tensor.datatype.clone(), shape, data }
    });
    joined.collect()
}

/// The answers to requests of so many rows each; none if an output has not a row for each row of the request.
pub(super) fn split(outputs: Vec<Tensor>, rows: &[u64]) -> Option<Vec<Vec<Tensor>>> {
    let total: u64 = rows.iter().sum();
    let mut answers: Vec<Vec<Tensor>> = rows.iter().map(|_| Vec::with_capacity(outputs.len())).collect();
    for output in outputs {
        if output.shape.first() != Some(&total) {
            return None;
        }
        let width: usize = output.shape[1..]
            .iter()
            .try_fold(1_usize, |width, size| width.checked_mul(usize::try_from(*size).ok()?))?;
        let mut rest = output.data.as_slice();
        for (answer, rows) in answers.iter_mut().zip(rows) {
            let elements = width.checked_mul(usize::try_from(*rows).ok()?)?;
            let (part, behind) = rest.split_at_checked(length(&output.datatype, elements, rest)?)?;
            rest = behind;
            let mut shape = output.shape.clone();
            shape[0] = *rows;
            answer.push(Tensor {
                name: output.name.clone(),
                datatype: output.datatype.clone(),
                shape,
                data: part.to_vec(),
            });
        }
        if !rest.is_empty() {
            return None;
        }
    }
    Some(answers)
}

/// Bytes of so many elements at the beginning of some data.
fn length(datatype: &str, elements: usize, data: &[u8]) -> Option<usize> {
    if let Some(size) = element_size(datatype) {
        return elements.checked_mul(size);
    }
    let mut at = 0_usize;
    for _ in 0..elements {
        let size = data.get(at..)?.first_chunk()?;
        at = at.checked_add(4)?.checked_add(usize::try_from(u32::from_le_bytes(*size)).ok()?)?;
    }
    Some(at)
}

/// Bytes of an element of a type of the Open Inference Protocol; none for `BYTES`, and for what is no type.
#[must_use]
pub fn element_size(datatype: &str) -> Option<usize> {
    Some(match datatype {
        "BOOL" | "INT8" | "UINT8" => 1,
        "INT16" | "UINT16" | "FP16" | "BF16" => 2,
        "INT32" | "UINT32" | "FP32" => 4,
        "INT64" | "UINT64" | "FP64" => 8,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(name: &str, shape: &[u64], values: &[i16]) -> Tensor {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Tensor { name: name.to_owned(), datatype: "INT16".to_owned(), shape: shape.to_vec(), data }
    }

    fn texts(name: &str, values: &[&str]) -> Tensor {
        let one = |text: &&str| [&u32::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat();
        Tensor {
            name: name.to_owned(),
            datatype: "BYTES".to_owned(),
            shape: vec![values.len() as u64],
            data: values.iter().flat_map(one).collect(),
        }
    }

    #[test]
    fn what_is_joined_comes_apart_as_it_was() {
        let requests = [
            vec![numbers("x", &[2, 2], &[1, 2, 3, 4]), texts("t", &["a", ""])],
            vec![numbers("x", &[1, 2], &[5, 6]), texts("t", &["long one"])],
            vec![numbers("x", &[0, 2], &[]), texts("t", &[])],
        ];
        assert!(fit(&requests[0], &requests[1]) && fit(&requests[1], &requests[2]));
        let joined = join(requests.iter().map(Vec::as_slice));
        assert_eq!(joined[0], numbers("x", &[3, 2], &[1, 2, 3, 4, 5, 6]));
        assert_eq!(joined[1], texts("t", &["a", "", "long one"]));
        assert_eq!(rows(&joined), Some(3));
        assert_eq!(split(joined.clone(), &[2, 1, 0]).unwrap(), requests);
        // Not a row for each.
        assert_eq!(split(joined, &[2, 2]), None);
        assert_eq!(split(vec![numbers("x", &[1, 2], &[1])], &[1]), None);
        let cut = Tensor { data: vec![200, 0, 0, 0, b'a'], ..texts("t", &["a"]) };
        assert_eq!(split(vec![cut], &[1]), None);
    }

    #[test]
    fn only_equal_forms_fit() {
        let one = [numbers("x", &[1, 2], &[1, 2])];
        assert!(!fit(&one, &[numbers("x", &[1, 3], &[1, 2, 3])]));
        assert!(!fit(&one, &[numbers("y", &[1, 2], &[1, 2])]));
        assert!(!fit(&one, &[Tensor { datatype: "UINT16".to_owned(), ..one[0].clone() }]));
        assert!(!fit(&one, &[]));
        assert_eq!(rows(&[numbers("x", &[1, 2], &[1, 2]), numbers("y", &[2], &[1, 2])]), None);
    }
}
