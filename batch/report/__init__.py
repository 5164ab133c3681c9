"""Write what happened for people and machines: HTML, Excel, mail, CSV and JSON, from one record and one count."""

from __future__ import annotations

from batch.report.contents import Figures, Kind, Report, Skipped, WeekFigures
from batch.report.evidence import write_evidence
from batch.report.figures import KeyFigure, Verdict, count, count_entries, credits_of, key_figures, verdict
from batch.report.html import write_html
from batch.report.insights import insights_html, insights_json, insights_xlsx
from batch.report.machine import FIELDS, to_csv, to_json
from batch.report.mail import mail_html, mail_text, subject
from batch.report.preview import Previewed, write_preview
from batch.report.status_page import write_status
from batch.report.words import (
    DELIVERED,
    FAILED,
    OPTED_OUT,
    TONES,
    WORDS,
    Tone,
    Word,
    clock,
    counted,
    day_words,
    group_words,
    local_time,
    needs_a_person,
    next_step,
    sentence,
    time_left,
    word_of,
    zone_of,
)
from batch.report.xlsx import write_xlsx

__all__ = [
    "DELIVERED",
    "FAILED",
    "FIELDS",
    "OPTED_OUT",
    "TONES",
    "WORDS",
    "Figures",
    "KeyFigure",
    "Kind",
    "Previewed",
    "Report",
    "Skipped",
    "Tone",
    "Verdict",
    "WeekFigures",
    "Word",
    "clock",
    "count",
    "count_entries",
    "counted",
    "credits_of",
    "day_words",
    "group_words",
    "insights_html",
    "insights_json",
    "insights_xlsx",
    "key_figures",
    "local_time",
    "mail_html",
    "mail_text",
    "needs_a_person",
    "next_step",
    "sentence",
    "subject",
    "time_left",
    "to_csv",
    "to_json",
    "verdict",
    "word_of",
    "write_evidence",
    "write_html",
    "write_preview",
    "write_status",
    "write_xlsx",
    "zone_of",
]
