"""PDF and Word files."""

from __future__ import annotations

import io
import logging
from typing import Final

from persona_kit.errors import EnvironmentProblem, InputError
from retrieval.loading.archives import check_archive

MOST_PAGES: Final = 10_000
MOST_CHARS: Final = 50_000_000
"""Of a PDF; more is no document, but a file made to fill the memory."""


def pdf_to_text(data: bytes, *, where: str) -> str:
    """The text of a PDF, pages parted by a blank line.

    Raises:
        InputError: when the file is no PDF, needs a password, or holds pictures of text only.
        EnvironmentProblem: when pypdf is not installed.
    """
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError as error:
        raise _not_installed("PDF files", "pypdf", where) from error
    logger = logging.getLogger("pypdf")
    level = logger.level
    # pypdf logs every small fault of a file; what matters to the user is whether the text came out.
    logger.setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise InputError(f"{where} is locked with a password", where=where, mend="save it without a password")
        if len(reader.pages) > MOST_PAGES:
            raise InputError(
                f"{where} has {len(reader.pages):,} pages", where=where, mend=f"split it: {MOST_PAGES:,} are read"
            )
        pages: list[str] = []
        for page in reader.pages:
            pages.append(page.extract_text())
            if sum(map(len, pages[-1:])) > MOST_CHARS or (len(pages) % 100 == 0 and sum(map(len, pages)) > MOST_CHARS):
                raise InputError(f"{where} holds more text than a document", where=where, mend="split it")
    # pypdf meets broken files with all of these.
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        OSError,
        RecursionError,
        MemoryError,
    ) as error:
        raise InputError(f"{where} is not a readable PDF: {error}", where=where, mend="export it again") from error
    finally:
        logger.setLevel(level)
    text = "\n\n".join(page.strip() for page in pages if page.strip())
    if not text:
        raise InputError(
            f"{where} is a PDF without text (scanned pages?)",
            where=where,
            mend="run text recognition (OCR) on it first",
        )
    return text


def docx_to_text(data: bytes, *, where: str) -> str:
    """The text of a Word file, a line for each paragraph and table row, in their order.

    Raises:
        InputError: when the file is no Word file or holds no text.
        EnvironmentProblem: when python-docx is not installed.
    """
    try:
        from docx import Document as open_document
        from docx.opc.exceptions import OpcError
        from docx.table import Table, _Cell
    except ImportError as error:
        raise _not_installed("Word files", "python-docx", where) from error
    from zipfile import BadZipFile

    check_archive(data, where=where, kind="Word")
    try:
        document = open_document(io.BytesIO(data))
        lines: list[str] = []
        for block in document.iter_inner_content():
            if isinstance(block, Table):
                # Each cell once: `row.cells` repeats one as often as the file says that it spans columns.
                lines.extend(
                    "\t".join(_Cell(cell, block).text.strip() for cell in row._tr.tc_lst) for row in block.rows
                )
            else:
                lines.append(block.text)
    except (OpcError, BadZipFile, KeyError, ValueError, OSError, SyntaxError, AttributeError, TypeError) as error:
        raise InputError(
            f"{where} is not a readable Word file: {error}", where=where, mend="save it again as .docx"
        ) from error
    text = "\n".join(lines).strip()
    if not text:
        raise InputError(f"{where} holds no text", where=where, mend="check the file")
    return text


def _not_installed(files: str, package: str, where: str) -> EnvironmentProblem:
    return EnvironmentProblem(f"reading {files} needs {package}", where=where, mend="pip install '.[files]'")
