"""The OpenAPI document, made from the same routes and models that serve the requests."""

import re
from typing import Any

from pydantic import BaseModel, TypeAdapter

from sandbox.api.routing import PREFIX, Form, Nothing, Route
from sandbox.api.shapes import Refusal
from sandbox.discord.state.models import Json

_REFERENCES = "#/components/schemas/{model}"


def document(routes: list[Route]) -> Json:
    """An OpenAPI 3.1 document of all routes."""
    schemas: Json = {}
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Showreel's sandbox: playing the people",
            "version": "1",
            "description": "What docs/sandbox.md describes in section 3.",
        },
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _operation(route: Route, schemas: Json) -> Json:
    refusal = _content(_schema(Refusal, schemas, mode="serialization"))
    operation: Json = {
        "operationId": f"{route.method.lower()}{re.sub(r'[^a-z]+', '_', route.path)}".rstrip("_"),
        "summary": route.summary,
        "parameters": [*_path_parameters(route), *_query_parameters(route, schemas)],
        "responses": {
            **_answer(route, schemas),
            "4XX": {"description": "Refused", "content": refusal},
        },
    }
    if route.body is not None:
        operation["requestBody"] = _request_body(route, route.body, schemas)
    return operation


def _answer(route: Route, schemas: Json) -> Json:
    if route.upgrades:
        return {"101": {"description": "A websocket"}}
    if route.answer is None:
        return {"204": {"description": "Done"}}
    content = _content(_schema(route.answer, schemas, mode="serialization"))
    return {str(route.status): {"description": "Done", "content": content}}


def _path_parameters(route: Route) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]


def _query_parameters(route: Route, schemas: Json) -> list[Json]:
    if route.query is Nothing:
        return []
    shape = _inline(route.query, schemas)
    required = shape.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in shape["properties"].items()
    ]


def _request_body(route: Route, form: type[BaseModel], schemas: Json) -> Json:
    schema = _schema(form, schemas, mode="validation")
    content = _content(schema)
    if route.takes_files:
        files = {"type": "string", "contentMediaType": "application/octet-stream"}
        content["multipart/form-data"] = {
            "schema": {
                "type": "object",
                "properties": {"payload_json": schema},
                "patternProperties": {r"^files\[\d\]$": files},
            }
        }
    return {"required": True, "content": content}


def _content(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _schema(kind: Any, schemas: Json, *, mode: Any) -> Json:
    """A reference to the type's schema, or the schema itself for what is not a model."""
    whole = TypeAdapter(kind).json_schema(mode=mode, ref_template=_REFERENCES)
    schemas.update(whole.pop("$defs", {}))
    if "properties" not in whole:
        return whole
    schemas[whole["title"]] = whole
    return {"$ref": _REFERENCES.format(model=whole["title"])}


def _inline(form: type[Form], schemas: Json) -> Json:
    whole = form.model_json_schema(ref_template=_REFERENCES)
    schemas.update(whole.pop("$defs", {}))
    return whole
