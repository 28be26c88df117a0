"""The example of an `.env` file: every setting with its meaning and default, taken from the settings themselves."""

from __future__ import annotations

from ac_pipeline.settings import Settings

_HEAD = (
    "# Copy to .env and fill in; the environment wins over this file. Lines that stay comments keep their default.\n"
)


def env_example() -> str:
    """Return the file; with every line in force it changes nothing."""
    lines = [_HEAD]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else field.default
        lines.append(f"# {field.description}\n# {name.upper()}={default}\n")
    return "\n".join(lines)
