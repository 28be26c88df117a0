"""The credentials that events need besides the account's key."""

from __future__ import annotations

from ac_pipeline.errors import SettingsError
from ac_pipeline.model.tracking import TrackingAccess
from ac_pipeline.settings import Settings

WHERE = "in ActiveCampaign: Settings → Tracking"


def tracking_access(settings: Settings) -> tuple[TrackingAccess | None, str]:
    """Return the credentials of the tracking host, or why there are none."""
    try:
        access = settings.tracking()
    except SettingsError as error:
        return None, str(error)
    if access is None:
        return None, f"ACTIVECAMPAIGN_ACTID and ACTIVECAMPAIGN_EVENT_KEY are not set ({WHERE} → Event Tracking)"
    return access, ""
