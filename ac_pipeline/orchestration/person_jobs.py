"""Jobs for what a person decides: resend, release, retry, retire. Their runs have no window."""

from collections.abc import Callable

import dagster as dg

from ac_pipeline.model.declaration import Declarations
from ac_pipeline.orchestration.names import RELEASE, RESEND, RETIRE, RETRY
from ac_pipeline.orchestration.session import told_plainly
from ac_pipeline.orchestration.windows import Metadata
from ac_pipeline.sync import approval
from ac_pipeline.sync.retirement import retire_to_false
from ac_pipeline.sync.session import Session


def person_jobs(declarations: Declarations) -> list[dg.JobDefinition]:
    """Return the jobs a person launches about a declaration; all but two are partitioned by it."""
    partitions = dg.StaticPartitionsDefinition([declaration.key for declaration in declarations.all])

    @dg.op(
        name="mark",
        required_resource_keys={"session"},
        out=dg.Out(dg.Nothing),
        description="Makes what was acknowledged due again.",
    )
    def mark(context: dg.OpExecutionContext) -> None:
        from ac_pipeline.sync.again import resend  # the client of ActiveCampaign: other runs need not wait for it

        session: Session = context.resources.session
        with told_plainly(session):
            found = resend(session.store, session.settings, session.declarations, [context.partition_key])
        if found.held:
            context.log.warning("It is held: the members that were approved last are told again.")
        told: Metadata = {
            "contacts": found.contacts,
            "values": found.values,
            "by bulk import": found.in_bulk,
            "requests, about": found.requests,
        }
        _say(
            context,
            f"The next sync says {found.values:,} values again to {found.contacts:,} contacts, about "
            f"{found.requests:,} requests. {found.in_bulk:,} go by bulk import, without starting automations."
            if found.contacts
            else "Nothing was ever told of it, so there is nothing to say again.",
            told,
        )

    @dg.op(
        name="accept",
        required_resource_keys={"session"},
        out=dg.Out(dg.Nothing),
        description="Accepts what the guard held.",
    )
    def accept(context: dg.OpExecutionContext) -> None:
        session: Session = context.resources.session
        key = context.partition_key
        with told_plainly(session):
            held = approval.release(session.store, session.declarations, session.ids, key)
        said = f"Released {key}: {held.before:,} contacts become {held.after:,}. The next sync tells ActiveCampaign."
        _say(context, said, {"before": held.before, "after": held.after, "exits": held.exits})

    @dg.op(
        name="try_again",
        required_resource_keys={"session"},
        out=dg.Out(dg.Nothing),
        config_schema={"reason": dg.Field(str, default_value="", description="Only those whose reason contains this.")},
        description="Makes refused contacts due again.",
    )
    def try_again(context: dg.OpExecutionContext) -> None:
        from ac_pipeline.sync.again import retry

        session: Session = context.resources.session
        with told_plainly(session):
            found = retry(session.store, context.op_config["reason"])
        contacts = sum(found.values())
        _say(context, f"{contacts:,} refused contacts are due again with the next sync.", {"contacts": contacts})

    @dg.op(
        name="end_memberships",
        required_resource_keys={"session"},
        out=dg.Out(dg.Nothing),
        config_schema={"key": dg.Field(str, description="The audience whose file is gone.")},
        description="Has the members of a retired audience told `false`.",
    )
    def end_memberships(context: dg.OpExecutionContext) -> None:
        session: Session = context.resources.session
        with told_plainly(session):
            found = retire_to_false(session.store, session.declarations, context.op_config["key"])
        _say(context, f"The next sync tells {found.told:,} contacts that they are no members any more.", {
            "contacts": found.told,
        })  # fmt: skip

    return [
        _job(mark, RESEND, "Choose a declaration: the next sync says all of it again, to those who left as well, for "
             "when values were changed in ActiveCampaign. Automations do not start where bulk import can say it.",
             partitions),
        _job(accept, RELEASE, "Choose a declaration that the guard holds: its newest result is accepted, and the next "
             "sync tells ActiveCampaign.", partitions),
        _job(try_again, RETRY, "Lets the next sync try contacts again that ActiveCampaign refused."),
        _job(end_memberships, RETIRE, "Has the members of an audience whose file is gone told `false` by the next "
             "sync."),
    ]  # fmt: skip


def _job(
    op: Callable[[], object], name: str, description: str, partitions: dg.PartitionsDefinition | None = None
) -> dg.JobDefinition:
    @dg.job(name=name, description=description, partitions_def=partitions)
    def job() -> None:
        op()

    return job


def _say(context: dg.OpExecutionContext, text: str, numbers: Metadata) -> None:
    context.log.info(text)
    context.add_output_metadata({**numbers, "said": text})
