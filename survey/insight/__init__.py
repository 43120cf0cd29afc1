"""The door to the analysis: stored releases in, findings and words out; nothing else imports it."""

from analysis.audit import Leak
from analysis.change import Shares, newcombe
from analysis.charts import Dot, Empty, Mark, Scale, Stretch, shade
from analysis.charts import mark as drawn
from analysis.findings import (
    Cell,
    Hidden,
    Number,
    Release,
    ReleasedUnit,
    number,
)
from analysis.frames import ANSWERS, CellRefused, checked_answers, conformed
from analysis.release import Tried
from analysis.report import Facts, TrialText, seal
from analysis.report.board import Board, OnBoard, board
from analysis.report.places import apart, in_order
from analysis.report.plan import Labelled, Section
from analysis.report.press import pdf
from analysis.report.sections.voices import Shares as Answered
from analysis.report.view import BARRIERS, across_name, in_common
from analysis.trial import attainable
from analysis.wording import numbers, sentences
from analysis.wording.voice import inside, listed, opened
from survey.insight.auditing import (
    DocumentTried,
    NumberNotReleased,
    audit_documents,
    audit_files,
    leak_error,
)
from survey.insight.boards import board_file, on_board, on_boards
from survey.insight.documents import DOCUMENTS
from survey.insight.files import analyse_files, schema, write_release, write_text
from survey.insight.pathways import pathway_file, pathways, told_across
from survey.insight.releases import (
    Released,
    release_wave,
    released,
    stored_release,
    trial_kinds,
    unit_csv,
    unit_xlsx,
    waves_with_release,
)
from survey.insight.reports import (
    ReportStopped,
    WaveFacts,
    behaviour_texts,
    report_facts,
    report_file,
    wave_facts,
)
from survey.insight.summary import DROPPED, summary
from survey.insight.telling import Told, told
from survey.insight.workers import (
    ReportBroke,
    ReportsBusy,
    ReportTooLarge,
    ReportTooSlow,
    board_pdf,
    paper_pdf,
    pathway_report,
    unit_report,
)

__all__ = [
    "ANSWERS",
    "BARRIERS",
    "DOCUMENTS",
    "DROPPED",
    "Answered",
    "Board",
    "Cell",
    "CellRefused",
    "DocumentTried",
    "Dot",
    "Empty",
    "Facts",
    "Hidden",
    "Labelled",
    "Leak",
    "Mark",
    "Number",
    "NumberNotReleased",
    "OnBoard",
    "Release",
    "Released",
    "ReleasedUnit",
    "ReportBroke",
    "ReportStopped",
    "ReportTooLarge",
    "ReportTooSlow",
    "ReportsBusy",
    "Scale",
    "Section",
    "Shares",
    "Stretch",
    "Told",
    "TrialText",
    "Tried",
    "WaveFacts",
    "across_name",
    "analyse_files",
    "apart",
    "attainable",
    "audit_documents",
    "audit_files",
    "behaviour_texts",
    "board",
    "board_file",
    "board_pdf",
    "checked_answers",
    "conformed",
    "drawn",
    "in_common",
    "in_order",
    "inside",
    "leak_error",
    "listed",
    "newcombe",
    "number",
    "numbers",
    "on_board",
    "on_boards",
    "opened",
    "paper_pdf",
    "pathway_file",
    "pathway_report",
    "pathways",
    "pdf",
    "release_wave",
    "released",
    "report_facts",
    "report_file",
    "schema",
    "seal",
    "sentences",
    "shade",
    "stored_release",
    "summary",
    "told",
    "told_across",
    "trial_kinds",
    "unit_csv",
    "unit_report",
    "unit_xlsx",
    "wave_facts",
    "waves_with_release",
    "write_release",
    "write_text",
]
