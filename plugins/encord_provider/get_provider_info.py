"""What Airflow's provider discovery needs to know; the connection form is drawn from it without importing the hook."""

from __future__ import annotations

from typing import Any

from encord_provider.hooks.connection_fields import CUSTOM, LONGEST_TIMEOUT, REGIONS

_SECONDS = {"type": ["integer", "null"], "minimum": 1, "maximum": LONGEST_TIMEOUT}


def get_provider_info() -> dict[str, Any]:
    """Return the provider's description in the form of Airflow's ``provider_info`` schema."""
    return {
        "package-name": "encord-provider",
        "name": "Encord",
        "description": "Benchmark QA for Encord: folders, imports, datasets, projects, routing and scoring.",
        "versions": ["0.1.0"],
        "connection-types": [
            {
                "connection-type": "encord",
                "hook-class-name": "encord_provider.hooks.encord.EncordHook",
                "hook-name": "Encord",
                "ui-field-behaviour": {
                    "hidden-fields": ["login", "schema", "extra"],
                    "relabeling": {"host": "API address (custom region only)", "password": "Private SSH key"},
                    "placeholders": {
                        "host": "https://encord.example.com",
                        # Airflow 3.3.2 refuses to test a connection without a port (apache/airflow#73298).
                        "port": "443; the Test button needs one",
                        "password": "Ed25519 private key: the PEM text, or its base64 on one line",
                    },
                },
                "conn-fields": {
                    "region": {
                        "label": "Region",
                        "description": "Where your Encord account lives; a key of one region is unknown in the others.",
                        "schema": {
                            "type": ["string", "null"],
                            "enum": [*REGIONS, CUSTOM],
                            "values_display": {
                                "global": "Global: api.encord.com",
                                "us": "US: api.us.encord.com",
                                "custom": "Custom: the API address above",
                            },
                            "default": "global",
                        },
                    },
                    "ssh_key_file": {
                        "label": "Private key file",
                        "description": "Instead of the key: path of a file with it, on the machines of workers, "
                        "triggerer and API server.",
                        "schema": {"type": ["string", "null"]},
                    },
                    "connect_timeout": {
                        "label": "Connect time-out (seconds)",
                        "schema": {**_SECONDS, "default": 30},
                    },
                    "read_timeout": {
                        "label": "Read time-out (seconds)",
                        "schema": {**_SECONDS, "default": 180},
                    },
                    "user_agent": {
                        "label": "User agent suffix",
                        "description": "Added to the SDK's own, so that Encord's support can tell your calls.",
                        "schema": {"type": ["string", "null"]},
                    },
                    "web_app": {
                        "label": "Web app address",
                        "description": "Where links lead; empty: the one that belongs to the API domain.",
                        "schema": {"type": ["string", "null"]},
                    },
                    "test_project": {
                        "label": "Project to test with",
                        "description": "Hash of a project that the Test button opens, to see whether the key's user "
                        "has access; empty: the button tries the key only.",
                        "schema": {"type": ["string", "null"]},
                    },
                },
            }
        ],
        "extra-links": [
            f"encord_provider.links.encord.Encord{thing}Link" for thing in ("Project", "Stage", "Folder", "Dataset")
        ],
    }
