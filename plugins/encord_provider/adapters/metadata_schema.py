"""The organisation's schema of client metadata, only read: it is shared by all projects, so no campaign changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from encord.user_client import EncordUserClient


class MetadataSchemaAdapter:
    """Reads the schema in the form that ``include.benchmark_qa.manifest.metadata.schema`` checks units against."""

    def __init__(self, client: EncordUserClient) -> None:
        self._client = client

    def schema(self) -> dict[str, dict[str, Any]]:
        """
        Return ``{key: {"type": ..., "values": [...], "size": n}}``, values of enums and sizes of embeddings only.

        Deleted keys, and types that the SDK does not know, are left out.
        """
        from encord.metadata_schema import MetadataSchemaError

        schema = self._client.metadata_schema()
        options: dict[str, dict[str, Any]] = {}
        for key in schema.keys():  # noqa: SIM118  # no mapping
            try:
                kind = schema.get_key_type(key)
            except MetadataSchemaError:
                continue
            if kind is None:
                continue
            options[key] = {"type": kind}
            if kind == "enum":
                options[key]["values"] = list(schema.get_enum_options(key))
            elif kind == "embedding":
                options[key]["size"] = schema.get_embedding_size(key)
        return options
