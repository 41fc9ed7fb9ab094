"""Owns which embedder works, by the settings; each is imported where it is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pjaid.actors.embedder.embedding import Embedder


def chosen(settings: Mapping[str, Any]) -> Embedder:
    """The embedder that the settings say.

    Args:
        settings: those of the actor; there is an embedder.
    """
    match settings["embedder"]:
        case "endpoint":
            return _endpoint(settings)
        case "onnx":
            from pjaid.actors.embedder.onnx_embedder import OnnxEmbedder

            return OnnxEmbedder(Path(settings["model_dir"]))
        case _:
            from pjaid.actors.embedder.static.embedder import StaticEmbedder

            return StaticEmbedder()


def _endpoint(settings: Mapping[str, Any]) -> Embedder:
    from pjai_wire.http_place import HttpPlace
    from pjaid.actors.embedder.endpoint import EndpointEmbedder, Wanted

    return EndpointEmbedder(
        Wanted(
            place=HttpPlace.of(settings["url"]),
            model=settings["model"],
            key_file=Path(settings["key_file"]) if settings["key_file"] else None,
            query_prefix=settings["query_prefix"],
            text_prefix=settings["text_prefix"],
            characters_max=settings["characters_max"],
            timeout_s=settings["timeout_s"],
        )
    )
