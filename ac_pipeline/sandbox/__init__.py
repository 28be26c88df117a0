"""A local ActiveCampaign: a real HTTP server on loopback that answers as the service does, and remembers.

It is written from the public description of the service alone and shares nothing with the client.
"""

from ac_pipeline.sandbox.clock import Clock
from ac_pipeline.sandbox.config import RateWindow, SandboxConfig
from ac_pipeline.sandbox.server import Sandbox, running, serve

__all__ = ["Clock", "RateWindow", "Sandbox", "SandboxConfig", "running", "serve"]
