"""What `workspace.yaml` names: the definitions of the project in the working directory."""

from ac_pipeline.orchestration.build import build_definitions
from ac_pipeline.settings import load_settings

defs = build_definitions(load_settings())
