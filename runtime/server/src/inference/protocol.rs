//! Requests and answers of the Open Inference Protocol: a JSON document, and behind it the tensors in binary form, if there are any.

use axum::http::HeaderValue;
use serde::Deserialize;
use serde_json::json;
use weft::{ModelDescription, Tensor, TensorPort};

use super::flat::Flat;
use super::tensor;

/// The header that tells where the JSON document ends.
pub(super) const JSON_LENGTH: &str = "inference-header-content-length";
/// Tensors of a request.
const MOST_TENSORS: usize = 10_000;

/// What a client asks.
#[derive(Debug)]
pub(super) struct Question {
    pub id: Option<String>,
    pub inputs: Vec<Tensor>,
    /// The outputs that it wants, with their form; all if there is no list.
    wanted: Option<Vec<(String, Option<bool>)>>,
    /// Whether outputs of which nothing else is said are wanted in binary form.
    binary: bool,
}

#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    parameters: Option<Parameters>,
    inputs: Vec<Input>,
    #[serde(default)]
    outputs: Option<Vec<Output>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the names are those of the protocol")]
struct Parameters {
    binary_data_size: Option<usize>,
    binary_data: Option<bool>,
    binary_data_output: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Input {
    name: String,
    datatype: String,
    shape: Vec<u64>,
    #[serde(default)]
    parameters: Option<Parameters>,
    #[serde(default)]
    data: Option<Flat>,
}

#[derive(Debug, Deserialize)]
struct Output {
    name: String,
    #[serde(default)]
    parameters: Option<Parameters>,
}

impl Question {
    /// Reads the body of a request. `json_length` is the header of that name.
    pub(super) fn read(body: &[u8], json_length: Option<&HeaderValue>) -> Result<Self, String> {
        let (document, mut binary) = document(body, json_length)?;
        if document.inputs.len() > MOST_TENSORS {
            return Err(format!("a request has at most {MOST_TENSORS} inputs"));
        }
        let mut inputs = Vec::with_capacity(document.inputs.len());
        for Input { name, datatype, shape, parameters, data } in document.inputs {
            let wrong = |problem: String| format!("input `{name}`: {problem}");
            let size = parameters.and_then(|parameters| parameters.binary_data_size);
            let data = match (data, size) {
                (None, Some(size)) => {
                    let parts = binary.split_at_checked(size);
                    let (part, rest) = parts.ok_or_else(|| wrong("its binary data is cut off".to_owned()))?;
                    binary = rest;
                    tensor::check(&datatype, &shape, part).map_err(wrong)?;
                    part.to_vec()
                }
                (Some(flat), None) => tensor::from_json(&datatype, &shape, flat).map_err(wrong)?,
                (None, None) => return Err(wrong("it has neither `data` nor `binary_data_size`".to_owned())),
                (Some(_), Some(_)) => return Err(wrong("it has both `data` and `binary_data_size`".to_owned())),
            };
            inputs.push(Tensor { name, datatype, shape, data });
        }
        if !binary.is_empty() {
            return Err(format!("{} bytes follow the data of the last input", binary.len()));
        }
        let form = |parameters: Option<Parameters>| parameters.and_then(|parameters| parameters.binary_data);
        Ok(Self {
            id: document.id,
            inputs,
            wanted: document
                .outputs
                .map(|outputs| outputs.into_iter().map(|output| (output.name, form(output.parameters))).collect()),
            binary: document.parameters.and_then(|parameters| parameters.binary_data_output).unwrap_or(false),
        })
    }

    /// The body of the answer, and the length of the JSON document in it if binary data follows.
    pub(super) fn answer(
        &self,
        model: &str,
        version: u64,
        outputs: &[Tensor],
    ) -> Result<(Vec<u8>, Option<usize>), String> {
        let mut chosen: Vec<(&Tensor, bool)> = Vec::with_capacity(outputs.len());
        match &self.wanted {
            None => chosen.extend(outputs.iter().map(|output| (output, self.binary))),
            Some(wanted) => {
                for (name, form) in wanted {
                    let Some(output) = outputs.iter().find(|output| output.name == *name) else {
                        let known: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
                        return Err(format!("the model gives no output `{name}`; it gives {}", known.join(", ")));
                    };
                    chosen.push((output, form.unwrap_or(self.binary)));
                }
            }
        }
        let mut body = Vec::with_capacity(256);
        body.extend(b"{\"model_name\":");
        body.extend(json!(model).to_string().bytes());
        body.extend(format!(",\"model_version\":\"{version}\"").bytes());
        if let Some(id) = &self.id {
            body.extend(b",\"id\":");
            body.extend(json!(id).to_string().bytes());
        }
        body.extend(b",\"outputs\":[");
        for (at, (output, binary)) in chosen.iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            body.extend(b"{\"name\":");
            body.extend(json!(output.name).to_string().bytes());
            body.extend(format!(",\"datatype\":\"{}\",\"shape\":{}", output.datatype, json!(output.shape)).bytes());
            if *binary {
                body.extend(format!(",\"parameters\":{{\"binary_data_size\":{}}}}}", output.data.len()).bytes());
            } else {
                body.extend(b",\"data\":");
                tensor::to_json(output, 0, usize::MAX, &mut body)?;
                body.push(b'}');
            }
        }
        body.extend(b"]}");
        let length = chosen.iter().any(|(_, binary)| *binary).then_some(body.len());
        for (output, _) in chosen.iter().filter(|(_, binary)| *binary) {
            body.extend_from_slice(&output.data);
        }
        Ok((body, length))
    }
}

/// The JSON document of a request, and the binary data behind it.
///
/// A length that does not fit is passed over where all of the body is a document: Triton's client leaves that of an earlier request in the headers that
/// its caller gave, and sends it with the next one (`findings/tritonclient_headers.sh`).
fn document<'b>(body: &'b [u8], json_length: Option<&HeaderValue>) -> Result<(Document, &'b [u8]), String> {
    let whole = || {
        let read = serde_json::from_slice(body).map_err(|error| format!("the request cannot be read: {error}"));
        Ok((read?, &[][..]))
    };
    let Some(value) = json_length else { return whole() };
    let length = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    match length.and_then(|length: usize| body.split_at_checked(length)) {
        None => {
            whole().map_err(|_: String| "Inference-Header-Content-Length is no length within the request".to_owned())
        }
        Some((document, binary)) => match serde_json::from_slice(document) {
            Ok(document) => Ok((document, binary)),
            Err(error) => whole().map_err(|_: String| format!("the request cannot be read: {error}")),
        },
    }
}

/// What a model takes and gives, as the protocol tells it.
pub(super) fn metadata(name: &str, versions: &[u64], model: &ModelDescription) -> serde_json::Value {
    let port = |port: &TensorPort| {
        let mut described = json!({ "name": port.name, "datatype": port.datatype, "shape": port.shape });
        if !port.classes.is_empty() {
            described["parameters"] = json!({ "classes": port.classes });
        }
        described
    };
    json!({
        "name": name,
        "versions": versions.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "platform": model.platform,
        "inputs": model.inputs.iter().map(port).collect::<Vec<_>>(),
        "outputs": model.outputs.iter().map(port).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_come_in_both_forms_and_leave_as_they_are_wanted() {
        let document = r#"{"id": "7", "inputs": [
            {"name": "a", "datatype": "INT16", "shape": [1, 2], "parameters": {"binary_data_size": 4}},
            {"name": "b", "datatype": "BYTES", "shape": [1], "data": ["x"]}],
            "parameters": {"binary_data_output": true, "of_others": {}},
            "outputs": [{"name": "b", "parameters": {"binary_data": false}}, {"name": "a"}]}"#;
        let body = [document.as_bytes(), &[1, 0, 2, 0]].concat();
        let header = HeaderValue::from(document.len());
        let question = Question::read(&body, Some(&header)).unwrap();
        assert_eq!(question.inputs[0].data, [1, 0, 2, 0]);
        let (answer, length) = question.answer("m", 3, &question.inputs).unwrap();
        let (document, binary) = answer.split_at(length.unwrap());
        assert_eq!(
            String::from_utf8_lossy(document),
            r#"{"model_name":"m","model_version":"3","id":"7","outputs":[{"name":"b","datatype":"BYTES","shape":[1],"data":["x"]},{"name":"a","datatype":"INT16","shape":[1,2],"parameters":{"binary_data_size":4}}]}"#
        );
        assert_eq!(binary, [1, 0, 2, 0]);
        assert!(question.answer("m", 3, &[]).unwrap_err().contains("gives no output `b`"));

        // The length of an earlier request.
        let json = r#"{"inputs": [{"name": "b", "datatype": "BYTES", "shape": [1], "data": ["x"]}]}"#;
        for length in ["20", "999"] {
            let question = Question::read(json.as_bytes(), Some(&HeaderValue::from_str(length).unwrap())).unwrap();
            assert_eq!(question.inputs[0].data, [1, 0, 0, 0, b'x']);
        }
    }

    #[test]
    fn what_does_not_fit_together_is_told() {
        let read = |document: &str, more: &[u8], length: Option<&str>| {
            let header = length.map(|length| HeaderValue::from_str(length).unwrap());
            Question::read(&[document.as_bytes(), more].concat(), header.as_ref()).unwrap_err()
        };
        let input = |rest: &str| format!(r#"{{"inputs": [{{"name": "a", "datatype": "INT16", "shape": [2]{rest}}}]}}"#);
        let binary = input(r#", "parameters": {"binary_data_size": 4}"#);
        assert!(read("{", &[], None).contains("cannot be read"));
        assert!(read(r#"{"id": "1"}"#, &[], None).contains("inputs"));
        assert!(read(&input(""), &[], None).contains("neither"));
        assert!(read(&input(r#", "data": [1]"#), &[], None).contains("1 elements do not fill the shape [2]"));
        assert!(read(&binary, &[1, 0], Some(&binary.len().to_string())).contains("cut off"));
        assert!(read(&binary, &[1, 0, 1, 0, 9], Some(&binary.len().to_string())).contains("1 bytes follow"));
        for length in ["999999", "-1"] {
            // What is left of an earlier request is passed over where all is a document; the data is missing then.
            assert!(read(&binary, &[], Some(length)).contains("cut off"));
            assert!(read(&binary, &[1, 0, 1, 0], Some(length)).contains("no length within"));
        }
        let huge = input(r#", "data": []"#).replace("[2]", "[18446744073709551615, 3]");
        assert!(read(&huge, &[], None).contains("the shape is too large"));
    }
}
