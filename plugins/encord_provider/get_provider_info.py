"""What Airflow's provider discovery needs to know; the connection form is drawn from it without importing the hook."""

from __future__ import annotations

from typing import Any

_SECONDS = {"type": ["integer", "null"], "minimum": 1, "maximum": 3600}


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
                    "hidden-fields": ["login", "schema", "port", "extra"],
                    "relabeling": {"host": "API domain", "password": "Private SSH key"},
                    "placeholders": {
                        "host": "https://api.encord.com (US: https://api.us.encord.com)",
                        "password": "Ed25519 private key: the PEM text, or its base64 on one line",
                    },
                },
                "conn-fields": {
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
                },
            }
        ],
        "extra-links": ["encord_provider.links.encord.EncordProjectLink"],
    }
