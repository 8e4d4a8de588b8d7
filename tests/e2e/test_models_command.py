"""`lookalike models` and `show --vector-image`, as a person runs them."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image

from lookalike.models.catalog import catalog
from shell import index, photos, run

MODEL = "efficientnet-lite0"


def tiny(folder: Path) -> str:
    """The spec of a small network of 35 values, written to tiny.onnx."""
    make = onnx.helper.make_node
    nodes = [
        make("Conv", ["image", "k1"], ["c1"], strides=[2, 2]),
        make("Relu", ["c1"], ["r1"]),
        make("Conv", ["r1", "k2"], ["c2"], strides=[2, 2]),
        make("Relu", ["c2"], ["r2"]),
        make("GlobalAveragePool", ["r2"], ["pooled"]),
        make("Flatten", ["pooled"], ["features"]),
    ]
    random = np.random.default_rng(2)
    constants = [
        onnx.numpy_helper.from_array(random.standard_normal(shape).astype(np.float32), name)
        for name, shape in (("k1", (12, 3, 3, 3)), ("k2", (35, 12, 3, 3)))
    ]
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "tiny",
        [info("image", onnx.TensorProto.FLOAT, ["n", 3, 32, 32])],
        [info("features", onnx.TensorProto.FLOAT, ["n", 35])],
        constants,
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    onnx.save(
        onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "tiny.onnx"
    )
    return "onnx:tiny.onnx"


def test_the_catalogue_is_listed(tmp_path: Path) -> None:
    done = run(tmp_path, "models")
    assert done.code == 0
    assert done.out.splitlines()[0].split("\t")[:3] == ["name", "dimension", "needs"]
    assert [row[0] for row in done.rows] == sorted(catalog())
    listed = run(tmp_path, "models", "--json").json
    assert {row["name"]: row["dimension"] for row in listed}[MODEL] == 1280


def test_show_lists_layers_with_shapes_and_parameters(tmp_path: Path) -> None:
    shown = run(tmp_path, "models", "show", MODEL, "--json").json
    assert (shown["vector"], shown["crop"], shown["licence"]) == ("1280", 224, "Apache-2.0")
    stem = next(one for one in shown["layers"] if one["name"] == "_conv_stem.output")
    assert stem["shape"] == [None, 32, 112, 112]
    assert stem["parameters"] == 32 * 3 * 3 * 3 + 32
    # Tan and Le's Lite0 has 4,652,008 parameters with the classifier of 1280 x 1000 + 1000; here
    # each batch normalisation is folded: scale and shift of every channel are one bias less.
    assert 3_300_000 < shown["parameters"] < 3_400_000
    table = run(tmp_path, "models", "show", MODEL)
    assert "_conv_stem.output\tConv\tn x 32 x 112 x 112\t896" in table.out


def test_check_runs_the_model(tmp_path: Path) -> None:
    checked = run(tmp_path, "models", "check", MODEL, "--runtime", "onnx", "--json").json
    assert checked["well"] is True
    assert checked["vector"] == "1280"
    assert checked["cosine_of_4_together_to_one_at_a_time"] > 0.9999


def test_an_exported_model_is_used_as_it_was(tmp_path: Path) -> None:
    """An inner feature map of the default model, pooled, written, indexed and searched."""
    done = run(tmp_path, "models", "export", MODEL, "whole.onnx", "--json")
    assert done.code == 0, done.err
    assert done.json["bytes"] == (tmp_path / "whole.onnx").stat().st_size
    assert done.json["cosine"] > 0.9999
    metadata = {each.key: each.value for each in onnx.load(tmp_path / "whole.onnx").metadata_props}
    stated = json.loads(metadata["lookalike.preprocessing"])
    assert (stated["shorter_side"], stated["crop"], stated["mean"]) == (256, 224, [0, 0, 0])
    photos(tmp_path / "photos", range(4))
    index(tmp_path, "photos", "--model", "onnx:whole.onnx", "--library", "own", "--runtime", "onnx")
    index(tmp_path, "photos", "--library", "catalogue", "--runtime", "onnx")
    own, catalogue = (
        run(tmp_path, "show", "000.jpg", "--vector", "--json", "--library", library).json["vector"]
        for library in ("own", "catalogue")
    )
    np.testing.assert_array_equal(own, catalogue)
    node = "_conv_head.relu6"
    inner = run(tmp_path, "models", "export", f"onnx:whole.onnx#{node}@max", "inner.onnx")
    assert inner.code == 0, inner.err
    session = onnxruntime.InferenceSession(tmp_path / "inner.onnx")
    pixels = np.random.default_rng(1).integers(0, 256, (1, 224, 224, 3), np.uint8)
    whole = onnx.load(tmp_path / "whole.onnx")
    whole.graph.output.append(onnx.helper.make_empty_tensor_value_info(node))
    by_hand = onnxruntime.InferenceSession(whole.SerializeToString()).run(
        [node], {"pixels": pixels}
    )
    np.testing.assert_allclose(
        session.run(None, {"pixels": pixels})[0], by_hand[0].max((2, 3)), rtol=1e-3, atol=1e-4
    )
    search = ("search", "photos/001.jpg", "--library", "own", "--include-query")
    searched = run(tmp_path, *search, "--runtime", "onnx", "--json").json
    assert searched["hits"][0]["id"] == "001.jpg"


def test_wrong_names_and_places_are_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "models", "show", "efficientnet-lite")
    assert done.code == 2
    assert "Did you mean efficientnet-lite0" in done.err
    done = run(tmp_path, "models", "export", MODEL, "nowhere/net.onnx")
    assert done.code == 2
    assert "cannot be written" in done.err
    done = run(tmp_path, "models", "check", "onnx:none.onnx")
    assert done.code == 1
    assert "There is no model file" in done.err


def test_quantize_measures_before_it_writes(tmp_path: Path) -> None:
    model = tiny(tmp_path)
    photos(tmp_path / "photos", range(40))
    options = ("--model", model, "--runtime", "onnx", "--label-from", "folder")
    index(tmp_path, "photos", *options)
    quantize = ("models", "quantize", model, "int8.onnx")
    refused = run(tmp_path, *quantize, "--min-overlap", "1")
    assert refused.code == 1
    assert "Not written: overlap@10 is below 1" in refused.err
    assert not (tmp_path / "int8.onnx").exists()
    done = run(tmp_path, *quantize, "--min-overlap", "0.5", "--json")
    assert done.code == 0, done.err
    found = done.json
    assert (found["calibrated_on"], found["judged_on"]) == (10, 30)
    assert 0.99 < found["cosine"] < 1
    assert 0.5 < found["overlap_at_10"] <= 1
    assert found["times_as_fast"] > 0
    graph = onnx.load(tmp_path / "int8.onnx").graph
    assert {"QuantizeLinear", "DequantizeLinear"} <= {node.op_type for node in graph.node}
    kernels = [each for each in graph.initializer if list(each.dims) == [35, 12, 3, 3]]
    assert [each.data_type for each in kernels] == [onnx.TensorProto.INT8]
    checked = run(tmp_path, "models", "check", "onnx:int8.onnx", "--json").json
    assert (checked["vector"], checked["runtime"]) == ("35", "onnx")
    other = run(tmp_path, "models", "check", "onnx:int8.onnx", "--runtime", "openvino")
    assert (other.code, "This network is quantized" in other.err) == (2, True)
    shown = {
        name: run(tmp_path, "models", "show", f"onnx:{name}.onnx", "--json").json["bytes"]
        for name in ("tiny", "int8")
    }
    assert shown["int8"] < 0.5 * shown["tiny"]


def test_too_few_images_to_quantize_and_a_vector_drawn(tmp_path: Path) -> None:
    model = tiny(tmp_path)
    photos(tmp_path / "photos", range(3))
    index(tmp_path, "photos", "--model", model, "--runtime", "onnx")
    few = run(tmp_path, "models", "quantize", model, "int8.onnx")
    assert few.code == 2
    assert "3 images can be read; quantizing needs at least 20" in few.err
    done = run(tmp_path, "show", "000.jpg", "--vector-image", "vector.png")
    assert done.code == 0, done.err
    with Image.open(tmp_path / "vector.png") as drawn:
        assert drawn.size == (6 * 8, 6 * 8)  # 35 values: 6 x 6 cells, the last one grey
        assert drawn.getpixel((47, 47)) == (200, 200, 200)
    wrong = run(tmp_path, "show", "000.jpg", "--vector-image", "vector.txt")
    assert wrong.code == 2
    assert "cannot be written" in wrong.err


def test_settings_reach_commands_within_commands(tmp_path: Path) -> None:
    (tmp_path / "lookalike.yml").write_text("models: {check: {runtime: onyx}}")
    done = run(tmp_path, "models", "check", MODEL)
    assert done.code == 2
    assert "Unknown runtime 'onyx'" in done.err
    (tmp_path / "lookalike.yml").write_text("models: {check: {runtme: onnx}}")
    done = run(tmp_path, "models", "check", MODEL)
    assert done.code == 2
    assert "Unknown option of `models check` in lookalike.yml 'runtme'" in done.err
