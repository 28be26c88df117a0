"""A company's own project, as `ac-pipeline init` begins it."""

from ac_pipeline.scaffold.env_file import env_example
from ac_pipeline.scaffold.project import SETTINGS, Engine, Project, project_name
from ac_pipeline.scaffold.writing import Written, write_project

__all__ = ["SETTINGS", "Engine", "Project", "Written", "env_example", "project_name", "write_project"]
