"""What Dagster's daemon does at a tick: record a run of the job; print the command of the process that executes it.

`python -m benchmarks.tick WINDOW`, in the environment of the home.
"""

from __future__ import annotations

import json
import sys

import dagster as dg
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.definitions.reconstruct import ReconstructableRepository
from dagster._grpc.types import ExecuteRunArgs
from dagster_shared.serdes import serialize_value

from ac_pipeline.orchestration.names import JOB


def main() -> None:
    """Record the run, with the events of what it is going to do."""
    pointer = ModuleCodePointer("ac_pipeline.orchestration.definitions", "defs")
    job = ReconstructableRepository(pointer).get_reconstructable_job(JOB)
    with dg.DagsterInstance.get() as instance:
        run = instance.create_run_for_job(
            job.get_definition(), tags={"dagster/partition": sys.argv[1]}, job_code_origin=job.get_python_origin()
        )
        arguments = ExecuteRunArgs(
            job.get_python_origin(), run.run_id, instance.get_ref(), set_exit_code_on_failure=True
        )
    print(json.dumps({"run_id": run.run_id, "command": ["dagster", "api", "execute_run", serialize_value(arguments)]}))


if __name__ == "__main__":
    main()
