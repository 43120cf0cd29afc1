"""A checker of JSON Schema, of the words that a schema made by msgspec uses and no other."""

from collections.abc import Iterator, Mapping
from typing import Any

KNOWN = {
    "$ref", "$schema", "$id", "$defs", "title", "description", "type", "enum", "anyOf",
    "properties", "required", "additionalProperties", "items", "prefixItems", "minItems",
    "maxItems",
}  # fmt: skip
TYPES = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None),
    "array": list, "object": dict,
}  # fmt: skip


def breaches(value: object, shape: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[str]:
    """Every place where a value is not as the schema says; a word not known here is one too."""
    yield from (f"unknown word {word}" for word in shape.keys() - KNOWN)
    if "$ref" in shape:
        at: Any = root
        for step in shape["$ref"].removeprefix("#/").split("/"):
            at = at[step]
        yield from breaches(value, at, root)
    if "anyOf" in shape and all([*breaches(value, one, root)] for one in shape["anyOf"]):
        yield f"{value!r} is none of the shapes allowed"
    if "enum" in shape and value not in shape["enum"]:
        yield f"{value!r} is not one of {shape['enum']}"
    if "type" in shape and not _is(value, shape["type"]):
        yield f"{value!r} is no {shape['type']}"
    elif isinstance(value, dict):
        yield from _of_object(value, shape, root)
    elif isinstance(value, list):
        yield from _of_array(value, shape, root)


def _is(value: object, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def _of_object(
    value: dict[str, object], shape: Mapping[str, Any], root: Mapping[str, Any]
) -> Iterator[str]:
    known = shape.get("properties", {})
    yield from (f"lacks {key}" for key in shape.get("required", []) if key not in value)
    for key, one in value.items():
        more = known.get(key, shape.get("additionalProperties", {}))
        if more is False:
            yield f"has {key}"
        elif isinstance(more, Mapping):
            yield from (f"{key}: {found}" for found in breaches(one, more, root))


def _of_array(
    value: list[object], shape: Mapping[str, Any], root: Mapping[str, Any]
) -> Iterator[str]:
    if not shape.get("minItems", 0) <= len(value) <= shape.get("maxItems", len(value)):
        yield f"has {len(value)} items"
    first = shape.get("prefixItems", [])
    rest = shape.get("items", {})
    for place, one in enumerate(value):
        more = first[place] if place < len(first) else rest
        if more is False:
            yield f"has an item {place}"
        elif isinstance(more, Mapping):
            yield from (f"{place}: {found}" for found in breaches(one, more, root))
