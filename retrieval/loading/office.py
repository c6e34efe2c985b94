"""PDF and Word files."""

from __future__ import annotations

import io
import logging

from persona_kit.errors import EnvironmentProblem, InputError


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
        pages = [page.extract_text() for page in reader.pages]
    # pypdf meets broken files with all of these.
    except (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, OSError, RecursionError) as error:
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
        from docx.table import Table
    except ImportError as error:
        raise _not_installed("Word files", "python-docx", where) from error
    from zipfile import BadZipFile

    try:
        document = open_document(io.BytesIO(data))
        lines: list[str] = []
        for block in document.iter_inner_content():
            if isinstance(block, Table):
                lines.extend("\t".join(cell.text.strip() for cell in row.cells) for row in block.rows)
            else:
                lines.append(block.text)
    except (OpcError, BadZipFile, KeyError, ValueError, OSError) as error:
        raise InputError(
            f"{where} is not a readable Word file: {error}", where=where, mend="save it again as .docx"
        ) from error
    text = "\n".join(lines).strip()
    if not text:
        raise InputError(f"{where} holds no text", where=where, mend="check the file")
    return text


def _not_installed(files: str, package: str, where: str) -> EnvironmentProblem:
    return EnvironmentProblem(f"reading {files} needs {package}", where=where, mend="pip install '.[files]'")
