"""Office files made to do harm are refused, and name what is wrong with them."""

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from persona_kit.errors import InputError
from persona_kit.progress import Silent
from retrieval.loading.archives import ALWAYS_UNPACKED, check_archive
from retrieval.loading.office import docx_to_text
from retrieval.loading.sheets import read_excel, read_parquet
from retrieval.reading import ReadOptions, read_documents

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><w>&b;</w>'
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]><w>&x;</w>'


def packed(parts: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def word_file() -> bytes:
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.add_paragraph("The kettle boils fast.")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "lid", "sticks"
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


@pytest.fixture
def sheet_file() -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (("id", "text"), (1, "The kettle boils fast."), (2, "The lid sticks.")):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def changed(data: bytes, part: str, content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return packed(parts | {part: content})


def test_sound_files_are_read(word_file: bytes, sheet_file: bytes) -> None:
    assert docx_to_text(word_file, where="a.docx") == "The kettle boils fast.\nlid\tsticks"
    assert [row["text"] for row in read_excel(sheet_file, "a.xlsx").rows] == [
        "The kettle boils fast.",
        "The lid sticks.",
    ]


@pytest.mark.parametrize(
    "bomb", [LAUGHS, OUTSIDE, LAUGHS.decode().encode("utf-16")], ids=["laughs", "outside", "utf-16"]
)
@pytest.mark.parametrize("part", ["word/document.xml", "word/styles.xml", "[Content_Types].xml", "custom/extra.xml"])
def test_entities_are_refused(word_file: bytes, part: str, bomb: bytes) -> None:
    with pytest.raises(InputError, match="declares a document type or entities"):
        docx_to_text(changed(word_file, part, bomb), where="a.docx")


def test_entities_in_sheets_are_refused(sheet_file: bytes) -> None:
    with pytest.raises(InputError, match="declares a document type"):
        read_excel(changed(sheet_file, "xl/sharedStrings.xml", LAUGHS), "a.xlsx")


def test_what_grows_without_measure_is_refused() -> None:
    with pytest.raises(InputError, match="grows to more than"):
        check_archive(packed({"word/document.xml": b"\x00" * (ALWAYS_UNPACKED + 2)}), where="a.docx", kind="Word")
    with pytest.raises(InputError, match="10,001 parts"):
        check_archive(packed({f"{number}.xml": b"" for number in range(10_001)}), where="a.docx", kind="Word")


def test_sizes_are_measured_and_not_believed() -> None:
    data = bytearray(packed({"word/document.xml": b"\x00" * (ALWAYS_UNPACKED + 2)}))
    place = data.rfind(b"PK\x01\x02") + 24
    data[place : place + 4] = (10).to_bytes(4, "little")
    with pytest.raises(InputError, match=r"a\.docx is"):
        check_archive(bytes(data), where="a.docx", kind="Word")


@pytest.mark.parametrize(
    "name", ["../../evil.xml", "/etc/cron.d/evil", "..\\..\\evil.xml", "C:\\evil.xml", "word/../../evil.xml"]
)
def test_names_that_lead_out_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="leads out of the file"):
        check_archive(packed({name: b"x"}), where="a.docx", kind="Word")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18, os.urandom(512)])
def test_what_is_no_archive_is_an_input_error(data: bytes) -> None:
    for read in (lambda: docx_to_text(data, where="a"), lambda: read_excel(data, "a")):
        with pytest.raises(InputError):
            read()


def test_a_sheet_that_calls_itself_huge_is_read_as_large_as_it_is(sheet_file: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(sheet_file)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    huge = sheet.replace(b'ref="A1:B3"', b'ref="A1:XFD1048576"')
    assert huge != sheet
    rows = read_excel(changed(sheet_file, "xl/worksheets/sheet1.xml", huge), "a.xlsx").rows
    assert [len(row) for row in rows] == [2, 2]


def test_a_cell_that_spans_a_billion_columns_is_one_cell(word_file: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(word_file)) as archive:
        xml = archive.read("word/document.xml")
    wide = xml.replace(b"<w:tcPr>", b'<w:tcPr><w:gridSpan w:val="1000000000"/>', 1)
    assert wide != xml
    assert docx_to_text(changed(word_file, "word/document.xml", wide), where="a.docx").endswith("lid\tsticks")


def test_a_text_repeated_a_million_times_is_refused() -> None:
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 60_000, pa.int32()), pa.array(["x" * 100_000]))
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": text}), buffer, store_schema=False)
    assert len(buffer.getvalue()) < 1_000_000
    with pytest.raises(InputError, match="grows to more than"):
        read_parquet(buffer.getvalue(), "a.parquet")


def test_pipes_and_devices_in_a_folder_are_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The kettle boils fast and the lid never sticks.", encoding="utf-8")
    os.mkfifo(tmp_path / "b.txt")
    reading = read_documents([str(tmp_path)], ReadOptions(), progress=Silent())
    assert [document.document_id for document in reading.documents] == ["a.txt"]
