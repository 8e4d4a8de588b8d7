"""Networks of `keras.applications` from a file, prepared as Keras's own functions prepare them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lookalike.models.keras_import import import_keras
from lookalike.models.model import find_model
from lookalike.models.network import NetworkOptions

pytestmark = [
    pytest.mark.extra,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The structure of `inputs`:UserWarning"),
]
PIXELS = np.random.default_rng(5).integers(0, 256, (2, 32, 32, 3), np.uint8)
FAMILIES = {
    "vgg16": "vgg16",
    "vgg19": "vgg19",
    "resnet50": "resnet",
    "resnet152": "resnet",
    "densenet121": "densenet",
    "xception": "xception",
    "inception_v3": "inception_v3",
}


def seeing(keras: Any, name: str) -> Any:
    """A network of that name that gives what it is given: its preprocessing, laid bare."""
    inputs = keras.Input((32, 32, 3))
    return keras.Model(inputs, keras.layers.Activation("linear")(inputs), name=name)


@pytest.mark.parametrize("name", FAMILIES)
def test_pixels_are_those_of_kerass_own_function(name: str, tmp_path: Path) -> None:
    keras = import_keras()
    seeing(keras, name).save(tmp_path / "net.keras")
    model = find_model(f"keras:{tmp_path / 'net.keras'}@flatten")
    network = model.open(NetworkOptions(batch=2, precision="fp32"))
    family = getattr(keras.applications, FAMILIES[name])
    expected = family.preprocess_input(PIXELS.astype(np.float32))
    np.testing.assert_allclose(network.run(PIXELS), expected.reshape(2, -1), atol=1e-4)
    assert (f"keras.applications prepares them for {name}" in model.note) == (
        name not in {"xception", "inception_v3"}
    )


def test_kerass_vgg16_gives_its_feature_map(tmp_path: Path) -> None:
    keras = import_keras()
    keras.utils.set_random_seed(3)
    vgg = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    inputs = keras.Input((32, 32, 3))
    keras.Model(inputs, vgg(inputs), name="mine").save(tmp_path / "vgg16.keras")
    model = find_model(f"keras:{tmp_path / 'vgg16.keras'}@max")
    prepared = keras.applications.vgg16.preprocess_input(PIXELS.astype(np.float32))
    maps = keras.ops.convert_to_numpy(vgg(keras.ops.convert_to_tensor(prepared)))
    ours = model.open(NetworkOptions(batch=2, precision="fp32")).run(PIXELS)
    assert model.shape == (512,)
    cosines = (ours * maps.max((1, 2))).sum(1) / np.linalg.norm(ours, axis=1)
    np.testing.assert_allclose(cosines / np.linalg.norm(maps.max((1, 2)), axis=1), 1, atol=1e-4)
