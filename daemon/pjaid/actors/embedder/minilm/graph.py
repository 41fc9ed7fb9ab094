"""Owns the model as an ONNX graph: the same that `forward` does, for a runtime to run."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from pjaid.actors.embedder.minilm.forward import HEADS, LAYER_NORM_EPSILON, LAYERS, MASKED
from pjaid.actors.embedder.minilm.weights import Array, Weights

OPSET = 20
"""The first with Gelu."""

IR_VERSION = 9
"""That of the oldest runtimes with this opset."""

PIECES, MASK, MEAN = "pieces", "mask", "mean"
"""What the graph takes, int64[texts, length] each, and what it gives, float32[texts, width]."""


def graph_of(weights: Weights) -> ModelProto:
    """The graph, whose result is the mean over the word pieces that are not masked.

    Args:
        weights: of the model.
    """
    building = _Building(weights)
    state = building.embedded()
    for layer in range(LAYERS):
        state = building.layer(f"encoder.layer.{layer}", state)
    building.mean(state)
    width = weights["embeddings.word_embeddings.weight"].shape[1]
    graph = helper.make_graph(
        building.nodes,
        "MiniLM",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "length"]) for name in (PIECES, MASK)],
        [helper.make_tensor_value_info(MEAN, TensorProto.FLOAT, ["n", width])],
        building.constants,
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="pjai"
    )


class _Building:
    """A graph that grows; each method returns the name of what it adds."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._width = weights["embeddings.word_embeddings.weight"].shape[1]
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._numbers = self._constant("heads", np.array([0, 0, HEADS, self._width // HEADS]))
        self._whole = self._constant("whole", np.array([0, 0, self._width]))
        self._mask = self._node("Cast", MASK, to=TensorProto.FLOAT)
        hidden = self._node("Sub", self._constant("one", np.float32(1)), self._mask)
        hidden = self._node("Mul", hidden, self._constant("masked", MASKED))
        self._hidden_from = self._node("Unsqueeze", hidden, self._constant("of_each_query", np.array([1, 2])))

    def embedded(self) -> str:
        """What the first layer is given."""
        words = self._node("Gather", self._weight("embeddings.word_embeddings.weight"), PIECES)
        # All pieces are of the first of the two texts that BERT tells apart.
        places = (
            self._weights["embeddings.position_embeddings.weight"]
            + self._weights["embeddings.token_type_embeddings.weight"][0]
        )
        first, axis = self._constant("first", np.array([0])), self._constant("axis", np.array([0]))
        length = self._node("Shape", PIECES, start=1, end=2)
        places_of = self._node("Slice", self._constant("places", places), first, length, axis)
        return self._normalised("embeddings.LayerNorm", self._node("Add", words, places_of))

    def layer(self, name: str, state: str) -> str:
        """What a layer makes of the state before it."""
        attended = self._linear(f"{name}.attention.output.dense", self._attended(name, state))
        state = self._normalised(f"{name}.attention.output.LayerNorm", self._node("Add", state, attended))
        widened = self._node("Gelu", self._linear(f"{name}.intermediate.dense", state))
        widened = self._linear(f"{name}.output.dense", widened)
        return self._normalised(f"{name}.output.LayerNorm", self._node("Add", state, widened))

    def mean(self, state: str) -> None:
        """The graph's result."""
        along = self._constant("along", np.array([1]))
        mask = self._node("Unsqueeze", self._mask, self._constant("of_each_number", np.array([2])))
        total = self._node("ReduceSum", self._node("Mul", state, mask), along, keepdims=0)
        count = self._node("ReduceSum", mask, along, keepdims=0)
        self._node("Div", total, count, result=MEAN)

    def _attended(self, name: str, state: str) -> str:
        def heads(of: str, order: tuple[int, ...]) -> str:
            moved = self._linear(f"{name}.attention.self.{of}", state)
            return self._node("Transpose", self._node("Reshape", moved, self._numbers), perm=order)

        query, key, value = (
            heads("query", (0, 2, 1, 3)),
            heads("key", (0, 2, 3, 1)),
            heads("value", (0, 2, 1, 3)),
        )
        scale = self._constant(f"{name}.scale", np.float32((self._width // HEADS) ** -0.5))
        scores = self._node("Mul", self._node("MatMul", query, key), scale)
        shares = self._node("Softmax", self._node("Add", scores, self._hidden_from), axis=-1)
        attended = self._node("Transpose", self._node("MatMul", shares, value), perm=(0, 2, 1, 3))
        return self._node("Reshape", attended, self._whole)

    def _linear(self, name: str, state: str) -> str:
        matrix = self._constant(f"{name}.weight", np.ascontiguousarray(self._weights[f"{name}.weight"].T))
        return self._node("Add", self._node("MatMul", state, matrix), self._weight(f"{name}.bias"))

    def _normalised(self, name: str, state: str) -> str:
        return self._node(
            "LayerNormalization",
            state,
            self._weight(f"{name}.weight"),
            self._weight(f"{name}.bias"),
            axis=-1,
            epsilon=LAYER_NORM_EPSILON,
        )

    def _weight(self, name: str) -> str:
        return self._constant(name, self._weights[name])

    def _constant(self, name: str, value: Array | np.generic | np.ndarray[Any, Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _node(self, kind: str, *inputs: str, result: str = "", **attributes: Any) -> str:
        name = result or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name
