"""The JSON Schema of `starlode.yml`, printed from the dataclasses that read it, so that editors and reader agree.

A text may be written as a number or a boolean in YAML and is still the text that was written; and wherever a word from
a list is expected, a variable may stand instead. The schema allows both, as the reader does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from starlode.declaration import ProjectDeclaration
from starlode.declare import NAME, Count, Declared, Filled, Lazy, Name, Setting, choices, settings

DRAFT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

VARIABLE: Schema = {"type": "string", "pattern": r"\$\{"}
_TEXT: Schema = {"type": ["string", "number", "boolean"]}
_SCALARS: Mapping[Any, Schema] = {
    str: _TEXT,
    Filled: {**_TEXT, "minLength": 1},
    Name: {"anyOf": [{"type": "string", "pattern": f"^{NAME.pattern}$"}, {"$ref": "#/$defs/variable"}]},
    bool: {"anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/variable"}]},
    int: {"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/variable"}]},
    Count: {"anyOf": [{"type": "integer", "minimum": 0}, {"$ref": "#/$defs/variable"}]},
}


def json_schema() -> Schema:
    """What may stand in a project file, for editors and other programs."""
    shapes: Schema = {}
    top = _object(ProjectDeclaration, shapes)
    return {
        "$schema": DRAFT,
        "title": "Starlode project",
        **top,
        "$defs": {"variable": VARIABLE, **dict(sorted(shapes.items()))},
    }


def _object(shape: type[Declared], shapes: Schema) -> Schema:
    known = settings(shape)
    required = [setting.key for setting in known.values() if setting.is_required]
    return {
        "type": "object",
        **({"description": shape.__doc__} if shape.__doc__ and "(" not in shape.__doc__ else {}),
        "properties": {setting.key: _property(setting, shapes) for setting in known.values()},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _property(setting: Setting, shapes: Schema) -> Schema:
    default = setting.default
    shown = isinstance(default, str | bool | int) and not setting.is_required
    return {"description": setting.doc, **_of(setting.expects, shapes), **({"default": default} if shown else {})}


def _of(expects: Any, shapes: Schema) -> Schema:
    if isinstance(expects, Lazy):
        return _of(expects.load(), shapes)
    members = choices(expects)
    if len(members) > 1:
        return {"anyOf": [_of(member, shapes) for member in members]}
    of = members[0]
    if isinstance(of, type) and issubclass(of, Declared):
        return _shape(of, shapes)
    origin, parts = get_origin(of), get_args(of)
    if origin is tuple:
        one = _of(parts[0], shapes)
        return {"anyOf": [one, {"type": "array", "items": _item(one), "minItems": 1}]}
    if origin is Mapping:
        names = {"propertyNames": {"pattern": f"^{NAME.pattern}$"}} if parts[0] is Name else {}
        return {"type": "object", **names, "additionalProperties": _of(parts[1], shapes), "minProperties": 1}
    if origin is Literal:
        return {"anyOf": [{"enum": list(parts)}, {"$ref": "#/$defs/variable"}]}
    return dict(_SCALARS[of])


def _item(one: Schema) -> Schema:
    """In a list a word for null is a text."""
    return {**one, "type": [*one["type"], "null"]} if isinstance(one.get("type"), list) else one


def _shape(shape: type[Declared], shapes: Schema) -> Schema:
    """A reference, so that a shape is written once; a shape with a shorthand may be that one text."""
    name = shape.__name__
    if name not in shapes:
        shapes[name] = {}
        shapes[name] = _object(shape, shapes)
    reference = {"$ref": f"#/$defs/{name}"}
    if not shape.shorthand:
        return reference
    return {"anyOf": [_of(settings(shape)[shape.shorthand].expects, shapes), reference]}
