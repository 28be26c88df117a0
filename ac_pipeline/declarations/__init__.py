"""Audiences, traits and contacts as the user declares them: YAML and SQL, read by path."""

from ac_pipeline.declarations.fault import Fault
from ac_pipeline.declarations.key import key_of, personalisation_tag
from ac_pipeline.declarations.load import Loaded, load_declarations, require_declarations

__all__ = ["Fault", "Loaded", "key_of", "load_declarations", "personalisation_tag", "require_declarations"]
