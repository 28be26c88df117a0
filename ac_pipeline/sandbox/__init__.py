"""A local ActiveCampaign: a real HTTP server on loopback that answers as the service does, and remembers.

It is written from the public description of the service alone and shares nothing with the client.
"""

from ac_pipeline.sandbox.clock import Clock
from ac_pipeline.sandbox.config import RateWindow, SandboxConfig
from ac_pipeline.sandbox.faults import Kind, Rule, read_rule
from ac_pipeline.sandbox.server import Sandbox, running, serve
from ac_pipeline.sandbox.state_file import dump_file, load_file
from ac_pipeline.sandbox.switches import Switches

__all__ = [
    "Clock",
    "Kind",
    "RateWindow",
    "Rule",
    "Sandbox",
    "SandboxConfig",
    "Switches",
    "dump_file",
    "load_file",
    "read_rule",
    "running",
    "serve",
]
