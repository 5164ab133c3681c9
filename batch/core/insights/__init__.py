"""What the history of a ledger teaches, counted with pandas: records in, tables and one sentence each out."""

from batch.core.insights.history import find_insights
from batch.core.insights.statistics import FEWEST, robust_scores, wilson

__all__ = ["FEWEST", "find_insights", "robust_scores", "wilson"]
