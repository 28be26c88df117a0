"""One page that shows how a home fares: sizes, churn, overlap, latency, requests, refusals. Counts only."""

from ac_pipeline.report.figures import Figures, read_figures
from ac_pipeline.report.page import page

__all__ = ["Figures", "page", "read_figures"]
