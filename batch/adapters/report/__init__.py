"""Write what happened for people and machines: HTML, Excel, mail, CSV and JSON, from one record and one count."""

from __future__ import annotations

from batch.adapters.report.contents import Figures, Kind, Report, Skipped, WeekFigures
from batch.adapters.report.evidence import write_evidence
from batch.adapters.report.figures import KeyFigure, add_sent, count, count_entries, credits_of, key_figures
from batch.adapters.report.html import write_html
from batch.adapters.report.insights import insights_html, insights_json, insights_xlsx
from batch.adapters.report.machine import FIELDS, to_csv, to_json
from batch.adapters.report.mail import mail_html, mail_text, subject
from batch.adapters.report.preview import Previewed, write_preview
from batch.adapters.report.status_page import write_status
from batch.adapters.report.verdict import Verdict, verdict
from batch.adapters.report.xlsx import is_long, write_xlsx

__all__ = [
    "FIELDS",
    "Figures",
    "KeyFigure",
    "Kind",
    "Previewed",
    "Report",
    "Skipped",
    "Verdict",
    "WeekFigures",
    "add_sent",
    "count",
    "count_entries",
    "credits_of",
    "insights_html",
    "insights_json",
    "insights_xlsx",
    "is_long",
    "key_figures",
    "mail_html",
    "mail_text",
    "subject",
    "to_csv",
    "to_json",
    "verdict",
    "write_evidence",
    "write_html",
    "write_preview",
    "write_status",
    "write_xlsx",
]
