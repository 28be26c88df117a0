"""ActiveCampaign over HTTP: one client per account, one limiter over everything it does."""

from ac_pipeline.activecampaign.address import account_host
from ac_pipeline.activecampaign.automations import automations_named
from ac_pipeline.activecampaign.catalog import FieldCatalog, NameCatalog
from ac_pipeline.activecampaign.client import ActiveCampaign
from ac_pipeline.activecampaign.connection import Timeouts
from ac_pipeline.activecampaign.opening import connect
from ac_pipeline.activecampaign.waits import Patience

__all__ = [
    "ActiveCampaign",
    "FieldCatalog",
    "NameCatalog",
    "Patience",
    "Timeouts",
    "account_host",
    "automations_named",
    "connect",
]
