"""Asks `weft serve` for predictions with Triton's client, which is written for any server of the protocol.

    serving_client.py columns URL TOKEN CASE      a model of several columns, numbers and texts; CASE is a folder of runtime/components/models/tests/data
    serving_client.py matrix URL TOKEN CASE       a model of one matrix

CASE holds what onnxruntime answered.
"""

import struct
import sys
from pathlib import Path

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype


def fields(data):
    """The fields of a protocol buffer: numbers and values."""
    at = 0

    def varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        number, wire = key >> 3, key & 7
        if wire == 0:
            yield number, varint()
        elif wire == 5:
            yield number, data[at : at + 4]
            at += 4
        else:
            length = varint()
            yield number, data[at : at + length]
            at += length


def tensor(path):
    """The name and the elements of a file with an `onnx.TensorProto`."""
    shape, kind, name, raw, texts, floats, ints = [], 0, "", None, [], [], []
    for number, value in fields(path.read_bytes()):
        if number == 1 and isinstance(value, int):
            shape.append(value)
        elif number == 1:
            shape += [size for _, size in fields(b"".join(b"\x08" + bytes([byte]) for byte in value))]
        elif number == 2:
            kind = value
        elif number == 4:
            floats += [one[0] for one in struct.iter_unpack("<f", value)]
        elif number == 6:
            texts.append(value)
        elif number == 7:
            ints.append(value)
        elif number == 8:
            name = value.decode()
        elif number == 9:
            raw = value
    dtype = {1: np.float32, 7: np.int64, 8: np.object_, 11: np.float64, 9: np.bool_, 6: np.int32}[kind]
    if raw is not None:
        return name, np.frombuffer(raw, dtype).reshape(shape)
    return name, np.array(texts or floats or ints, dtype).reshape(shape)


def case(folder):
    """Inputs and answers by name."""
    folder = Path(folder)
    read = lambda what: dict(tensor(path) for path in sorted(folder.glob(f"{what}_*.pb")))
    return read("input"), read("output")


def infer(client, name, inputs, binary_in, binary_out, outputs=None, **more):
    asked = []
    for key, value in inputs.items():
        one = triton.InferInput(key, value.shape, np_to_triton_dtype(value.dtype))
        one.set_data_from_numpy(value, binary_data=binary_in)
        asked.append(one)
    wanted = [triton.InferRequestedOutput(key, binary_data=binary_out) for key in outputs] if outputs else None
    return client.infer(name, asked, outputs=wanted, **more)


def same(found, expected):
    if expected.dtype == np.object_:
        text = lambda value: value if isinstance(value, bytes) else str(value).encode()
        assert [text(value) for value in found.flat] == list(expected.flat), (found, expected)
    else:
        assert found.dtype == expected.dtype, (found.dtype, expected.dtype)
        np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=1e-5, atol=1e-5)


def main(part, url, token, folder):
    client = triton.InferenceServerClient(url.removeprefix("http://"))
    headers = {"Authorization": f"Bearer {token}"}
    # Whether it lives is told to everybody.
    assert client.is_server_live() and client.is_server_ready()
    try:
        client.get_model_metadata("model")
        raise AssertionError("it answers who shows no token")
    except InferenceServerException as error:
        assert "show the token" in str(error), error
    assert client.get_server_metadata(headers=headers)["extensions"] == ["binary_tensor_data"]
    assert client.is_model_ready("model", headers=headers)
    assert client.is_model_ready("model", "1", headers=headers)
    assert not client.is_model_ready("other", headers=headers)

    inputs, expected = case(folder)
    described = client.get_model_metadata("model", headers=headers)
    assert described["versions"] == ["1"] and described["platform"] == "onnx_onnxv1", described
    assert {port["name"] for port in described["inputs"]} == set(inputs), described
    for port in described["inputs"]:
        assert port["datatype"] == np_to_triton_dtype(inputs[port["name"]].dtype), port
        assert port["shape"][1:] == list(inputs[port["name"]].shape[1:]), port
    for port in described["outputs"]:
        assert port["datatype"] == np_to_triton_dtype(expected[port["name"]].dtype), port
        assert len(port["shape"]) == expected[port["name"]].ndim, port
    classes = [port["parameters"]["classes"] for port in described["outputs"] if "parameters" in port]
    print(sorted(expected), classes)

    for binary_in in (True, False):
        if not binary_in and any(np.issubdtype(value.dtype, np.floating) and np.isnan(value).any() for value in inputs.values()):
            # Triton's client writes NaN into JSON, which is none.
            continue
        for binary_out in (True, False):
            for outputs in (None, list(expected)[-1:]):
                answer = infer(client, "model", inputs, binary_in, binary_out, outputs, headers=headers, request_id="r7")
                document = answer.get_response()
                assert document["model_name"] == "model" and document["model_version"] == "1" and document["id"] == "r7"
                assert [port["name"] for port in document["outputs"]] == (outputs or list(expected)), document
                for key in outputs or expected:
                    same(answer.as_numpy(key), expected[key])
    compressed = infer(client, "model", inputs, True, True, headers=dict(headers), request_compression_algorithm="gzip")
    for key in expected:
        same(compressed.as_numpy(key), expected[key])
    # Rows one by one, from several connections at the same time.
    rows = len(next(iter(inputs.values())))
    client = triton.InferenceServerClient(url.removeprefix("http://"), concurrency=4)
    waiting = []
    for row in range(rows):
        asked = []
        for key, value in inputs.items():
            one = triton.InferInput(key, value[row : row + 1].shape, np_to_triton_dtype(value.dtype))
            one.set_data_from_numpy(value[row : row + 1])
            asked.append(one)
        waiting.append(client.async_infer("model", asked, headers=headers))
    for row, answer in enumerate(waiting):
        answer = answer.get_result()
        for key in expected:
            same(answer.as_numpy(key), expected[key][row : row + 1])

    # What is wrong is told in the protocol's form.
    name, value = next(iter(inputs.items()))
    for wrong, why in (
        ({**inputs, "unheard-of": value}, "no input `unheard-of`"),
        ({**inputs, name: np.zeros(value.shape, np.int8)}, name),
    ):
        try:
            infer(client, "model", wrong, True, True, headers=headers)
            raise AssertionError(why)
        except InferenceServerException as error:
            assert why in str(error) and error.status() == "400", error


main(*sys.argv[1:])
