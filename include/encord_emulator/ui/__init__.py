"""The web app's side, for people (or programs that stand for them): ``/_emulator/ui/``."""

from __future__ import annotations

from include.encord_emulator.ui import issues, plane

ROUTES = (*plane.routes.v2, *issues.routes.v2)
