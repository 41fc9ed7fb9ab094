"""Owns the model itself, in numpy: what it makes of word pieces (pure)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pjaid.actors.embedder.minilm.weights import Array, Weights

LAYERS = 6
HEADS = 12
LAYER_NORM_EPSILON = 1e-12
MASKED = np.float32(-1e9)


def embed(weights: Weights, pieces: Sequence[Sequence[int]]) -> Array:
    """What the model makes of texts: the mean over each text's word pieces, not yet of unit length.

    Args:
        weights: of the model.
        pieces: the numbers of each text's word pieces, [CLS] and [SEP] with them; 1 to 512 a text.

    Returns:
        float32[texts, 384].
    """
    longest = max(map(len, pieces))
    numbers = np.zeros((len(pieces), longest), np.int64)
    mask = np.zeros((len(pieces), longest), np.float32)
    for row, of_text in enumerate(pieces):
        numbers[row, : len(of_text)] = of_text
        mask[row, : len(of_text)] = 1
    states = hidden_states(weights, numbers, mask)
    mean: Array = (states * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    return mean


def hidden_states(weights: Weights, numbers: npt.NDArray[np.int64], mask: Array) -> Array:
    """The last layer's states (Devlin et al. 2018, "BERT", and Vaswani et al. 2017, section 3).

    Args:
        weights: of the model.
        numbers: of word pieces, [texts, length].
        mask: 1 where there is a word piece, 0 where there is padding, [texts, length].

    Returns:
        float32[texts, length, 384].
    """
    state = (
        weights["embeddings.word_embeddings.weight"][numbers]
        + weights["embeddings.position_embeddings.weight"][: numbers.shape[1]]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    state = _normalised(weights, "embeddings.LayerNorm", state)
    hidden_from = ((1 - mask) * MASKED)[:, None, None, :]
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        attended = _attended(weights, f"{name}.attention.self", state, hidden_from)
        attended = _linear(weights, f"{name}.attention.output.dense", attended)
        state = _normalised(weights, f"{name}.attention.output.LayerNorm", state + attended)
        widened = _gelu(_linear(weights, f"{name}.intermediate.dense", state))
        widened = _linear(weights, f"{name}.output.dense", widened)
        state = _normalised(weights, f"{name}.output.LayerNorm", state + widened)
    return state


def _attended(weights: Weights, name: str, state: Array, hidden_from: Array) -> Array:
    """Scaled dot-product attention of several heads."""
    texts, length, width = state.shape

    def heads(of: str) -> Array:
        return _linear(weights, f"{name}.{of}", state).reshape(texts, length, HEADS, -1).swapaxes(1, 2)

    query, key, value = heads("query"), heads("key"), heads("value")
    scores = query @ key.swapaxes(2, 3) / np.sqrt(np.float32(width // HEADS)) + hidden_from
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    attended: Array = (shares @ value).swapaxes(1, 2).reshape(texts, length, width)
    return attended


def _linear(weights: Weights, name: str, state: Array) -> Array:
    # One large product: numpy would make many small ones of a stack of matrices.
    moved: Array = state.reshape(-1, state.shape[-1]) @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
    return moved.reshape(*state.shape[:-1], -1)


def _normalised(weights: Weights, name: str, state: Array) -> Array:
    centred = state - state.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(LAYER_NORM_EPSILON))
    normalised: Array = centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]
    return normalised


def _gelu(x: Array) -> Array:
    """X times the normal distribution's integral up to x (Hendrycks and Gimpel 2016)."""
    gated: Array = x * np.float32(0.5) * (1 + _erf(x * np.float32(np.sqrt(0.5))))
    return gated


def _erf(x: Array) -> Array:
    """The error function, within 1.5e-7 (Abramowitz and Stegun 1964, formula 7.1.26)."""
    t = 1 / (1 + np.float32(0.3275911) * np.abs(x))
    series = np.zeros_like(t)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + np.float32(factor)) * t
    magnitude: Array = 1 - series * np.exp(-x * x)
    return np.copysign(magnitude, x)
