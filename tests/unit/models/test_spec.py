from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.errors import UnknownNameError, UsageError
from lookalike.models.loaders import LOADERS
from lookalike.models.spec import HEADS, ReducerSpec, Spec, parse_spec

CASES = {
    "efficientnet-lite0": Spec("efficientnet-lite0"),
    "xception@max|mean:4": Spec("xception", head="max", reducers=(ReducerSpec("mean", ("4",)),)),
    "vgg16@map|lsh:500,seed=628": Spec(
        "vgg16", head="map", reducers=(ReducerSpec("lsh", ("500",), (("seed", "628"),)),)
    ),
    "timm:vit_small_patch16_224@cls": Spec("vit_small_patch16_224", "timm", head="cls"),
    "open_clip:ViT-B-32/laion2b_s34b_b79k": Spec("ViT-B-32/laion2b_s34b_b79k", "open_clip"),
    "hf:google/siglip2-base": Spec("google/siglip2-base", "hf"),
    "hf:org/name@1a2b": Spec("org/name", "hf", revision="1a2b"),
    "hf:org/name@1a2b@cls": Spec("org/name", "hf", revision="1a2b", head="cls"),
    "onnx:/a b/net.onnx#pool/Mul:0@avg|centre|l2": Spec(
        "/a b/net.onnx",
        "onnx",
        node="pool/Mul:0",
        head="avg",
        reducers=(ReducerSpec("centre"), ReducerSpec("l2")),
    ),
    "onnx:C:/nets/x@2.onnx": Spec("C:/nets/x@2.onnx", "onnx"),
    "keras:model.keras#dense_1": Spec("model.keras", "keras", node="dense_1"),
}


@pytest.mark.parametrize(("text", "spec"), CASES.items())
def test_each_form_is_read_and_printed_back(text: str, spec: Spec) -> None:
    assert parse_spec(text) == spec
    assert str(spec) == text


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("tim:resnet50", "timm"),
        ("resnet50@averag", "avg"),
        ("onxx:a.onnx", "onnx"),
    ],
)
def test_a_slip_is_answered_with_the_nearest_name(text: str, named: str) -> None:
    with pytest.raises(UnknownNameError, match=named):
        parse_spec(text)


@pytest.mark.parametrize("text", ["", "|mean:4", "timm:", "xception|", "xception|4:mean"])
def test_what_is_no_spec_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_spec(text)


NAMES = st.from_regex(r"[a-z][a-z0-9_./-]{0,12}[a-z0-9]", fullmatch=True)
REDUCERS = st.builds(
    ReducerSpec,
    st.from_regex(r"[a-z][a-z0-9-]{0,5}", fullmatch=True),
    st.tuples(st.integers(1, 999).map(str)),
    st.just(()) | st.just((("seed", "7"),)),
)


@given(
    st.builds(
        Spec,
        NAMES,
        st.none() | st.sampled_from(sorted(LOADERS)),
        head=st.none() | st.sampled_from(HEADS),
        reducers=st.lists(REDUCERS, max_size=3).map(tuple),
    )
)
def test_printing_and_reading_are_inverse(spec: Spec) -> None:
    assert parse_spec(str(spec)) == spec
