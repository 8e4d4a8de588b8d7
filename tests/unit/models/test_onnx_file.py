"""`onnx:` against the original graphs, run as they are by ONNX's own reference evaluator."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from lookalike.errors import ModelError, UnknownNameError, UsageError
from lookalike.models.model import Model, find_model
from lookalike.models.network import NetworkOptions

SIDE = 16
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
SCALE = np.array([58.395, 57.12, 57.375], np.float32)
RNG = np.random.default_rng(7)
PIXELS = RNG.integers(0, 256, (3, SIDE, SIDE, 3), np.uint8)


def constant(name: str, *shape: int) -> Any:
    values = RNG.standard_normal(shape).astype(np.float32) * 0.2
    return numpy_helper.from_array(values, name)


def shape_constant(name: str, *values: int) -> Any:
    return numpy_helper.from_array(np.array(values, np.int64), name)


def info(name: str, shape: Any, dtype: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, dtype, shape)


def write(
    path: Path,
    nodes: list[Any],
    given: list[Any],
    made: list[Any],
    constants: list[Any],
    opset: int = 17,
) -> Path:
    graph = helper.make_graph(nodes, "tiny", given, made, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def body() -> tuple[list[Any], list[Any]]:
    """Two convolutions, pooling, two heads: a small multitask network in NCHW."""
    nodes = [
        helper.make_node("Conv", ["image", "k1"], ["c1"], "stem", strides=[2, 2]),
        helper.make_node("Relu", ["c1"], ["r1"], "stem_relu"),
        helper.make_node("Conv", ["r1", "k2"], ["c2"], "block", strides=[2, 2]),
        helper.make_node("Relu", ["c2"], ["r2"], "block_relu"),
        helper.make_node("GlobalAveragePool", ["r2"], ["pooled"], "pool"),
        helper.make_node("Flatten", ["pooled"], ["features"], "flat"),
        helper.make_node("Gemm", ["features", "w1"], ["kind"], "kind_head"),
        helper.make_node("Gemm", ["features", "w2"], ["colour"], "colour_head"),
    ]
    constants = [
        constant("k1", 8, 3, 3, 3),
        constant("k2", 12, 8, 3, 3),
        constant("w1", 12, 5),
        constant("w2", 12, 4),
    ]
    return nodes, constants


@pytest.fixture
def network(tmp_path: Path) -> Path:
    nodes, constants = body()
    made = [info("kind", ["b", 5]), info("colour", ["b", 4])]
    return write(
        tmp_path / "net.onnx", nodes, [info("image", ["b", 3, SIDE, SIDE])], made, constants
    )


def planes(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """ImageNet's preprocessing, written out."""
    return ((pixels.astype(np.float32) - MEAN) / SCALE).transpose(0, 3, 1, 2)


def reference(path: Path, tensor: str, given: dict[str, Any]) -> NDArray[np.float32]:
    """A tensor of the file as it is, made an output and evaluated by the onnx package."""
    model = onnx.load(path)
    if tensor not in {output.name for output in model.graph.output}:
        model.graph.output.append(helper.make_empty_tensor_value_info(tensor))
    result: NDArray[np.float32] = ReferenceEvaluator(model).run([tensor], given)[0]
    return result


def run(model: Model, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return model.open(NetworkOptions("onnx", "fp32", batch=len(pixels))).run(pixels)


def test_any_inner_tensor_is_the_vector(network: Path) -> None:
    expected = reference(network, "features", {"image": planes(PIXELS)})
    for node in ("features", "flat"):
        model = find_model(f"onnx:{network}#{node}")
        assert model.shape == (12,)
        assert model.recipe(normalised=True).dimension == 12
        np.testing.assert_allclose(run(model, PIXELS), expected, rtol=1e-4, atol=1e-5)


HEADS: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "avg": lambda x: x.mean((2, 3)),
    "max": lambda x: x.max((2, 3)),
    "flatten": lambda x: x.reshape(len(x), -1),
    "map": lambda x: x.reshape(*x.shape[:2], -1).transpose(0, 2, 1),
}


@pytest.mark.parametrize("head", HEADS)
def test_heads_of_a_feature_map(network: Path, head: str) -> None:
    expected = HEADS[head](reference(network, "r2", {"image": planes(PIXELS)}))
    model = find_model(f"onnx:{network}#r2@{head}")
    assert model.shape == expected.shape[1:]
    assert model.head == head
    np.testing.assert_allclose(run(model, PIXELS), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("head", HEADS)
def test_channels_last_networks(tmp_path: Path, head: str) -> None:
    """As tf2onnx writes them: pictures and features channels-last, convolutions not."""
    nodes, constants = body()
    nodes = [
        helper.make_node("Transpose", ["pictures"], ["image"], perm=[0, 3, 1, 2]),
        *nodes[:4],
        helper.make_node("Transpose", ["r2"], ["last"], perm=[0, 2, 3, 1]),
        helper.make_node("Add", ["one", "last"], ["map"]),
    ]
    one = numpy_helper.from_array(np.float32(1), "one")
    given = [info("pictures", [None, SIDE, SIDE, 3])]
    made = [info("map", [None, 3, 3, 12])]
    path = write(tmp_path / "last.onnx", nodes, given, made, [*constants[:2], one])
    x = planes(PIXELS).transpose(0, 2, 3, 1)
    expected = reference(path, "map", {"pictures": x})
    if head != "flatten":
        expected = expected.transpose(0, 3, 1, 2)
    got = run(find_model(f"onnx:{path}@{head}"), PIXELS)
    np.testing.assert_allclose(got, HEADS[head](expected), rtol=1e-4, atol=1e-5)


def tokens(tmp_path: Path) -> Path:
    """Patches as tokens with a class token in front: (n, 17, 6), in half precision."""
    nodes = [
        helper.make_node("Conv", ["image", "k"], ["patches"], strides=[4, 4]),
        helper.make_node("Reshape", ["patches", "to"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["columns"], perm=[0, 2, 1]),
        helper.make_node("ReduceMean", ["columns"], ["first"], axes=[1], keepdims=1),
        helper.make_node("Concat", ["first", "columns"], ["tokens"], axis=1),
    ]
    half = numpy_helper.from_array(RNG.standard_normal((6, 3, 4, 4)).astype(np.float16), "k")
    given = [info("image", ["n", "channels", "h", "w"], TensorProto.FLOAT16)]
    made = [info("tokens", ["n", 17, 6], TensorProto.FLOAT16)]
    return write(tmp_path / "vit.onnx", nodes, given, made, [half, shape_constant("to", 0, 6, -1)])


def test_tokens_in_half_precision_and_free_sizes(tmp_path: Path) -> None:
    path = tokens(tmp_path)
    recipe = {
        "shorter_side": SIDE,
        "crop": SIDE,
        "interpolation": "bilinear",
        "mean": [127.5] * 3,
        "scale": [127.5] * 3,
        "fit": "squash",
        "channels": "bgr",
    }
    (tmp_path / "vit.preprocessing.json").write_text(json.dumps(recipe))
    x = ((PIXELS[..., ::-1].astype(np.float32) - 127.5) / 127.5).transpose(0, 3, 1, 2)
    expected = reference(path, "tokens", {"image": x.astype(np.float16)})
    model = find_model(f"onnx:{path}@cls")
    assert (model.shape, model.note) == ((6,), "")
    assert model.preprocessing.as_recipe()["fit"] == "squash"
    np.testing.assert_allclose(run(model, PIXELS), expected[:, 0], atol=2e-2)
    whole = find_model(f"onnx:{path}@map")
    assert whole.shape == (17, 6)
    assert run(whole, PIXELS).dtype == np.float32
    with pytest.raises(UsageError, match=r"@avg needs a tensor of 4 dimensions; .* n x 17 x 6"):
        find_model(f"onnx:{path}@avg")
    with pytest.raises(UsageError, match=r"n x 17 x 6 .* is no vector\. Choose a head: .*@cls"):
        find_model(f"onnx:{path}")


def test_what_was_assumed_is_said_and_free_sides_are_224(tmp_path: Path) -> None:
    model = find_model(f"onnx:{tokens(tmp_path)}@flatten")
    assert model.preprocessing.crop == 224
    assert "ImageNet" in model.note
    assert "vit.preprocessing.json" in model.note


def test_metadata_and_the_hubs_file_state_preprocessing(network: Path) -> None:
    hub = {
        "do_center_crop": True,
        "crop_size": {"height": SIDE, "width": SIDE},
        "size": {"shortest_edge": 20},
        "resample": 3,
        "rescale_factor": 1 / 255,
        "image_mean": [0.5, 0.25, 0.0],
        "image_std": [0.5, 0.5, 1.0],
    }
    (network.parent / "preprocessor_config.json").write_text(json.dumps(hub))
    found = find_model(f"onnx:{network}#features").preprocessing
    assert (found.shorter_side, found.crop, found.interpolation, found.fit) == (
        20,
        SIDE,
        "bicubic",
        "crop",
    )
    np.testing.assert_allclose(found.mean, [127.5, 63.75, 0])
    np.testing.assert_allclose(found.scale, [127.5, 127.5, 255])
    model = onnx.load(network)
    stated = found.as_recipe() | {"shorter_side": 30}
    model.metadata_props.add(key="lookalike.preprocessing", value=json.dumps(stated))
    onnx.save(model, network)
    assert find_model(f"onnx:{network}#features").preprocessing.shorter_side == 30
    (network.parent / "net.preprocessing.json").write_text(json.dumps(stated | {"crop": 99}))
    with pytest.raises(ModelError, match=r"takes 16 x 16 pixels, but .* 99 x 99"):
        find_model(f"onnx:{network}#features")
    (network.parent / "net.preprocessing.json").write_text(json.dumps(stated | {"fit": "zoom"}))
    with pytest.raises(ModelError, match="fit is 'zoom', not one of crop, squash, pad"):
        find_model(f"onnx:{network}#features")


@pytest.mark.parametrize("batch", [1, 2])
def test_a_fixed_batch_is_freed_or_kept_to(tmp_path: Path, batch: int) -> None:
    nodes, constants = body()
    free = [
        *nodes[:5],
        helper.make_node("Reshape", ["pooled", "to"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w1"], ["kind"]),
    ]
    given = [info("image", [batch, 3, SIDE, SIDE])]
    made = [info("kind", [batch, 5])]
    path = write(
        tmp_path / "free.onnx",
        free,
        given,
        made,
        [*constants[:3], shape_constant("to", batch, 12)],
    )
    bound = [
        *nodes[:5],
        helper.make_node("Reshape", ["pooled", "to"], ["flat"]),
        helper.make_node("Expand", ["row", "rows"], ["first"]),
        helper.make_node("Concat", ["first", "flat"], ["kind"], axis=1),
    ]
    extra = [
        shape_constant("to", batch, 12),
        constant("row", 1, 2),
        shape_constant("rows", batch, 2),
    ]
    kept = write(
        tmp_path / "kept.onnx", bound, given, [info("kind", [batch, 14])], [*constants[:2], *extra]
    )
    for file in (path, kept):
        rows = []
        for start in range(0, 3, batch):
            part = planes(PIXELS[start : start + batch])
            padded = np.zeros((batch, *part.shape[1:]), np.float32)
            padded[: len(part)] = part
            rows.append(reference(file, "kind", {"image": padded})[: len(part)])
        got = run(find_model(f"onnx:{file}"), PIXELS)
        np.testing.assert_allclose(got, np.concatenate(rows), rtol=1e-4, atol=1e-5)
    exported = find_model(f"onnx:{path}").to_onnx
    assert exported is not None
    assert onnx.load_from_string(exported()).graph.input[0].type.tensor_type.shape.dim[0].dim_param


def test_names_like_ours_and_bytes_as_input(tmp_path: Path) -> None:
    """A network whose own names are `pixels` and `embedding`, taking bytes."""
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["floats", "axes"], ["embedding"], "inner", keepdims=0),
        helper.make_node("Neg", ["embedding"], ["negated"]),
    ]
    given = [info("pixels", ["n", SIDE, SIDE, 3], TensorProto.UINT8)]
    path = write(
        tmp_path / "own.onnx",
        nodes,
        given,
        [info("negated", ["n", 3])],
        [shape_constant("axes", 1, 2)],
    )
    sums = PIXELS.astype(np.float32).sum((1, 2))
    np.testing.assert_allclose(run(find_model(f"onnx:{path}"), PIXELS), -sums)
    for node in ("embedding", "inner"):
        np.testing.assert_allclose(run(find_model(f"onnx:{path}#{node}"), PIXELS), sums)


def test_what_a_wrapped_network_gives_is_the_same_when_it_is_loaded_again(network: Path) -> None:
    model = find_model(f"onnx:{network}#r2@max")
    assert model.to_onnx is not None
    again = network.parent / "again.onnx"
    again.write_bytes(model.to_onnx())
    np.testing.assert_array_equal(run(find_model(f"onnx:{again}"), PIXELS), run(model, PIXELS))


def test_unknown_nodes_and_several_outputs(network: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown node 'block_rela'.*block_relu"):
        find_model(f"onnx:{network}#block_rela")
    with pytest.raises(UsageError, match="2 outputs: choose one with #kind or #colour"):
        find_model(f"onnx:{network}")
    with pytest.raises(ModelError, match="There is no model file"):
        find_model(f"onnx:{network}x")
    model = onnx.load(network)
    model.graph.node.append(helper.make_node("Neg", ["k1"], ["weights"]))
    onnx.save(model, network)
    with pytest.raises(ModelError, match="weights does not depend on the image"):
        find_model(f"onnx:{network}#weights")


def test_external_data(network: Path, tmp_path: Path) -> None:
    expected = run(find_model(f"onnx:{network}#features"), PIXELS)
    folder = tmp_path / "outside"
    folder.mkdir()
    path = folder / "net.onnx"
    onnx.save(
        onnx.load(network), path, save_as_external_data=True, location="net.data", size_threshold=0
    )
    model = find_model(f"onnx:{path}#features")
    np.testing.assert_array_equal(run(model, PIXELS), expected)
    digests = sorted(
        hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("net.onnx", "net.data")
    )
    assert model.weights_sha256 == hashlib.sha256("".join(digests).encode()).hexdigest()
    (folder / "net.data").rename(tmp_path / "net.data")
    with pytest.raises(ModelError, match=r"keeps weights in net\.data, which is not beside it"):
        find_model(f"onnx:{path}#features")
    (folder / "net.data").symlink_to(tmp_path / "net.data")
    with pytest.raises(ModelError, match="points to data outside of its folder"):
        find_model(f"onnx:{path}#features")
    (folder / "net.data").unlink()
    text = path.read_bytes()
    for elsewhere in (b"../a.dat", b"/etc/pwd"):
        path.write_bytes(text.replace(b"net.data", elsewhere))
        with pytest.raises(ModelError, match="points to data outside of its folder"):
            find_model(f"onnx:{path}#features")


def test_external_data_in_the_layout_of_the_hubs_cache(network: Path, tmp_path: Path) -> None:
    expected = run(find_model(f"onnx:{network}#features"), PIXELS)
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "1a2b"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    onnx.save(
        onnx.load(network),
        snapshot / "net.onnx",
        save_as_external_data=True,
        location="net.onnx_data",
        size_threshold=0,
    )
    for name, blob in (("net.onnx", "aa"), ("net.onnx_data", "bb")):
        (snapshot / name).rename(blobs / blob)
        (snapshot / name).symlink_to(Path("../../blobs") / blob)
    model = find_model(f"onnx:{snapshot / 'net.onnx'}#features")
    np.testing.assert_array_equal(run(model, PIXELS), expected)
    (blobs / "bb").write_bytes((blobs / "bb").read_bytes()[:-4])
    with pytest.raises(ModelError, match="ends before its weights do"):
        find_model(f"onnx:{snapshot / 'net.onnx'}#features")


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"no model at all")
    with pytest.raises(ModelError, match="no ONNX model"):
        find_model(f"onnx:{path}")
    path.write_bytes(b"")
    with pytest.raises(ModelError, match="no ONNX model"):
        find_model(f"onnx:{path}")
    relu = [helper.make_node("Relu", ["x"], ["y"])]
    wrong = {
        "1 x 3 x 16 x 24; only square": [1, 3, 16, 24],
        "three channels": ["n", 1, 16, 16],
        r"images are \(n, 3, h, w\)": ["n", 12],
    }
    for message, shape in wrong.items():
        write(path, relu, [info("x", shape)], [info("y", shape)], [])
        with pytest.raises(ModelError, match=message):
            find_model(f"onnx:{path}@flatten")
    old = write(path, relu, [info("x", ["n", 3, 8, 8])], [info("y", ["n", 3, 8, 8])], [], opset=6)
    with pytest.raises(ModelError, match="opset 6; at least 7"):
        find_model(f"onnx:{old}")


def test_the_file_is_read_again_when_it_changes(network: Path) -> None:
    spec = f"onnx:{network}#features"
    before = find_model(spec)
    assert before.weights_sha256 == hashlib.sha256(network.read_bytes()).hexdigest()
    model = onnx.load(network)
    model.doc_string = "trained further"
    onnx.save(model, network)
    assert find_model(spec).weights_sha256 != before.weights_sha256


@pytest.mark.extra
def test_openvino_gives_the_same(network: Path) -> None:
    model = find_model(f"onnx:{network}#r2@avg")
    got = model.open(NetworkOptions("openvino", "fp32", batch=3)).run(PIXELS)
    np.testing.assert_allclose(got, run(model, PIXELS), rtol=1e-3, atol=1e-4)
