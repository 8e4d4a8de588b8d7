"""`keras:` against Keras's own sub-models, on the backend that is there."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lookalike.errors import ModelError, UnknownNameError, UsageError
from lookalike.models.keras_import import import_keras
from lookalike.models.model import Model, find_model
from lookalike.models.network import NetworkOptions

pytestmark = [
    pytest.mark.extra,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The structure of `inputs`:UserWarning"),
]
SIDE = 48
PIXELS = np.random.default_rng(5).integers(0, 256, (3, SIDE, SIDE, 3), np.uint8)


@pytest.fixture(scope="module")
def keras() -> Any:
    found = import_keras()
    found.utils.set_random_seed(11)
    return found


def xception_like(keras: Any, inputs: Any, x: Any) -> Any:
    """A small Xception: separable convolutions and shortcuts, three heads on shared features."""
    layers = keras.layers
    x = layers.Conv2D(8, 3, strides=2, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    for width in (12, 16):
        shortcut = layers.Conv2D(width, 1, strides=2, padding="same")(x)
        x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = layers.add([x, shortcut])
    x = layers.GlobalMaxPooling2D(name="pool")(x)
    x = layers.Dense(24, activation="relu", name="shared")(x)
    heads = {"kind": 5, "colour": 4, "sleeve": 3}
    outputs = [layers.Dense(size, "softmax", name=name)(x) for name, size in heads.items()]
    return keras.Model(inputs, outputs)


@pytest.fixture(scope="module")
def multitask(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    inputs = keras.Input((SIDE, SIDE, 3))
    model = xception_like(keras, inputs, inputs)
    for layer in model.layers:
        if "normalization" in layer.name:
            layer.set_weights(
                [np.random.default_rng(3).random(w.shape) + 0.5 for w in layer.weights]
            )
    path = tmp_path_factory.mktemp("keras") / "multitask.keras"
    model.save(path)
    return path


def run(model: Model) -> Any:
    return model.open(NetworkOptions(batch=len(PIXELS), precision="fp32")).run(PIXELS)


def reference(keras: Any, path: Path, layer: str, x: Any) -> Any:
    """The input of a layer by Keras's own means, each convolution of it in float32."""
    model = keras.models.load_model(path, compile=False)
    sub = keras.Model(model.inputs, model.get_layer(layer).input)
    return keras.ops.convert_to_numpy(sub(keras.ops.convert_to_tensor(x)))


@pytest.mark.parametrize("layer", ["kind", "shared"])
def test_the_vector_is_the_input_of_the_layer(keras: Any, multitask: Path, layer: str) -> None:
    model = find_model(f"keras:{multitask}#{layer}")
    x = PIXELS.astype(np.float32) / 127.5 - 1
    expected = reference(keras, multitask, layer, x)
    assert model.shape == expected.shape[1:] == ({"kind": 24, "shared": 16}[layer],)
    np.testing.assert_allclose(run(model), expected, atol=1e-4)
    assert model.preprocessing.fit == "squash"
    assert "x / 127.5 - 1" in model.note


def test_heads_on_a_feature_map(keras: Any, multitask: Path) -> None:
    x = PIXELS.astype(np.float32) / 127.5 - 1
    maps = reference(keras, multitask, "pool", x)
    expected = {
        "avg": maps.mean((1, 2)),
        "max": maps.max((1, 2)),
        "flatten": maps.reshape(3, -1),
        "map": maps.reshape(3, -1, 16),
    }
    for head, values in expected.items():
        model = find_model(f"keras:{multitask}#pool@{head}")
        assert model.shape == values.shape[1:]
        np.testing.assert_allclose(run(model), values, atol=1e-4)
    with pytest.raises(UsageError, match=r"n x 6 x 6 x 16 .* no vector\. Choose a head: @avg"):
        find_model(f"keras:{multitask}#pool")
    with pytest.raises(UsageError, match="@cls needs a tensor of 3 dimensions"):
        find_model(f"keras:{multitask}#pool@cls")


def test_h5_and_preprocessing_of_every_kind(keras: Any, multitask: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.h5"
    keras.models.load_model(multitask, compile=False).save(path)
    recipe = {
        "shorter_side": 60,
        "crop": SIDE,
        "interpolation": "bicubic",
        "mean": [10, 20, 30],
        "scale": [50, 60, 70],
        "channels": "bgr",
    }
    path.with_suffix(".preprocessing.json").write_text(json.dumps(recipe))
    x = (PIXELS[..., ::-1].astype(np.float32) - [10, 20, 30]) / [50, 60, 70]
    model = find_model(f"keras:{path}#kind")
    assert (model.preprocessing.shorter_side, model.note) == (60, "")
    expected = reference(keras, multitask, "kind", x.astype(np.float32))
    np.testing.assert_allclose(run(model), expected, atol=1e-4)


def test_a_network_that_scales_pixels_itself_gets_them_as_they_are(
    keras: Any, tmp_path: Path
) -> None:
    path = tmp_path / "scaling.keras"
    inputs = keras.Input((None, None, 3))
    scaled = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(4, 3, strides=2)(scaled)
    outputs = keras.layers.GlobalAveragePooling2D()(x)
    keras.Model(inputs, outputs).save(path)
    model = find_model(f"keras:{path}")
    assert model.preprocessing.crop == 224
    assert model.preprocessing.scale == (1, 1, 1)
    assert model.preprocessing.mean == (0, 0, 0)
    assert model.shape == (4,)


def test_names_that_are_not_there(multitask: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown layer 'shard'.*shared"):
        find_model(f"keras:{multitask}#shard")
    with pytest.raises(UsageError, match=r"3 outputs: name a layer .*#kind or #colour or #sleeve"):
        find_model(f"keras:{multitask}")
    with pytest.raises(ModelError, match="There is no model file"):
        find_model("keras:nowhere.keras")
    with pytest.raises(UsageError, match="has 2 inputs"):
        find_model(f"keras:{multitask}#add")


def changed(path: Path, target: Path, old: str, new: str) -> Path:
    """The file with its configuration edited."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            data = source.read(name)
            if name == "config.json":
                assert old.encode() in data
                data = data.replace(old.encode(), new.encode(), 1)
            copy.writestr(name, data)
    return target


def test_code_in_a_model_is_refused(keras: Any, multitask: Path, tmp_path: Path) -> None:
    inputs = keras.Input((SIDE, SIDE, 3))
    outputs = keras.layers.Flatten()(keras.layers.Lambda(lambda x: x, (SIDE, SIDE, 3))(inputs))
    for name in ("evil.keras", "evil.h5"):
        keras.Model(inputs, outputs).save(tmp_path / name)
        with pytest.raises(ModelError, match=r"lambda layer.*Refused"):
            find_model(f"keras:{tmp_path / name}")
    standard = '"module": "keras.layers", "class_name": "Activation"'
    foreign = '"module": "os", "class_name": "system"'
    path = changed(multitask, tmp_path / "foreign.keras", standard, foreign)
    with pytest.raises(ModelError, match=r"needs the class system of os.*Refused"):
        find_model(f"keras:{path}#kind")


def test_files_that_are_no_models(keras: Any, multitask: Path, tmp_path: Path) -> None:
    for name in ("bad.keras", "bad.h5"):
        (tmp_path / name).write_bytes(b"no model")
        with pytest.raises(ModelError, match="no Keras model, or is damaged"):
            find_model(f"keras:{tmp_path / name}")
    weights = tmp_path / "only.weights.h5"
    keras.models.load_model(multitask, compile=False).save_weights(weights)
    with pytest.raises(ModelError, match="holds weights alone"):
        find_model(f"keras:{weights}")
    (tmp_path / "model.pb").write_bytes(b"")
    with pytest.raises(ModelError, match="no Keras model by its name"):
        find_model(f"keras:{tmp_path / 'model.pb'}")


def test_layers_are_listed(multitask: Path) -> None:
    layers = find_model(f"keras:{multitask}#kind").layers
    assert layers is not None
    found = {layer.name: layer for layer in layers()}
    assert found["shared"].shape == (None, 24)
    assert found["shared"].parameters == 16 * 24 + 24
