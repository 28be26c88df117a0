"""What is sent: values of custom fields, bodies of contacts, batches of imports. Sizes are checked before sending."""

from ac_pipeline.activecampaign.payloads.batches import MOST_BYTES, MOST_ROWS, Batch, pack
from ac_pipeline.activecampaign.payloads.contacts import ContactChange, contact_body, import_row
from ac_pipeline.activecampaign.payloads.refusal import Unsendable
from ac_pipeline.activecampaign.payloads.values import Value, decode, encode

__all__ = [
    "MOST_BYTES",
    "MOST_ROWS",
    "Batch",
    "ContactChange",
    "Unsendable",
    "Value",
    "contact_body",
    "decode",
    "encode",
    "import_row",
    "pack",
]
