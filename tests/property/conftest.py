"""The profile of the day."""

from __future__ import annotations

from hypothesis import settings

from tests.property.effort import PROFILE

settings.load_profile(PROFILE)
