"""Files to documents: every format, every bad input, and nothing lost."""

import io
import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona_kit.errors import InputError
from persona_kit.progress import Silent
from retrieval.reading import Reading, ReadOptions, read_documents

_ABOVE = Path(__file__).resolve().parents
DATA = next(
    (folder / "shared" / "data" for folder in _ABOVE[2:4] if (folder / "shared" / "data").is_dir()), Path("none")
)


class Told(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    def warn(self, message: str) -> None:
        self.warnings.append(message)


def read(*paths: Path, options: ReadOptions | None = None, told: Told | None = None) -> Reading:
    return read_documents([str(path) for path in paths], options or ReadOptions(), progress=told or Told())


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def texts(reading: Reading) -> list[str]:
    return [document.text for document in reading.documents]


def test_csv_cells_are_read_as_they_stand(tmp_path: Path) -> None:
    content = '\ufeffid,text,stars\r\n1,"two\r\nlines, ok",5\r\n2,literal \\n stays,1\r\n'
    reading = read(write(tmp_path, "reviews.csv", content))
    assert texts(reading) == ["two\nlines, ok", "literal \\n stays"]
    assert [document.document_id for document in reading.documents] == ["1", "2"]
    assert [document.rating.value for document in reading.documents if document.rating] == [1.0, 0.0]
    assert {document.kind for document in reading.documents} == {"review"}


def test_ragged_rows_are_kept_and_told(tmp_path: Path) -> None:
    told = Told()
    path = write(tmp_path, "a.csv", "id,text,stars\n1,hello, my friend,5\n2,short one\n3,good,4\n")
    reading = read(path, told=told)
    assert texts(reading) == ["hello, my friend", "short one", "good"]
    assert reading.documents[0].rating is not None
    assert reading.documents[1].rating is None
    assert any("more cells" in warning for warning in told.warnings)


def test_dates_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    rows = "text,created_at\nIt broke,2026-03-01\nIt works,soon\nIt sings,\nIt hums,32/13/2025\n"
    told = Told()
    reading = read(write(tmp_path, "r.csv", rows), options=ReadOptions(time="created_at"), told=told)

    assert [document.created_at for document in reading.documents] == ["2026-03-01", None, None, None]
    assert "no date can be read in 2 of 4 rows of 'created_at', such as 'soon'" in "\n".join(told.notes)


def test_a_stray_quote_does_not_swallow_the_rows_after_it(tmp_path: Path) -> None:
    told = Told()
    reading = read(write(tmp_path, "a.csv", 'id,text\n1,"never closed\n2,good one\n3,fine also\n'), told=told)
    assert texts(reading) == ['"never closed', "good one", "fine also"]
    assert any("never closed" in warning for warning in told.warnings)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", "text\tuser\nhello there\tu1\nbye now\tu2\n"),
        ("a.csv", "text;user\nhello there;u1\nbye now;u2\n"),
        ("a.jsonl", '{"text":"hello there","user":"u1"}\n\n{"text":"bye now","user":"u2"}\n'),
        ("a.json", '[{"text":"hello there","user":"u1"},{"text":"bye now","user":"u2"}]'),
        ("b.json", '{"total":2,"items":[{"text":"hello there","user":"u1"},{"text":"bye now","user":"u2"}]}'),
    ],
)
def test_delimited_and_json_tables_say_the_same(tmp_path: Path, name: str, content: str) -> None:
    reading = read(write(tmp_path, name, content))
    assert [(d.text, d.customer_id, d.document_id) for d in reading.documents] == [
        ("hello there", "u1", f"{name}:1"),
        ("bye now", "u2", f"{name}:2"),
    ]


def test_parquet_and_excel_say_the_same(tmp_path: Path) -> None:
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"text": ["hello there", "bye now"], "user": [7, 8]}), tmp_path / "a.parquet")
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["text", "user"], ["hello there", 7], ["bye now", 8]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    for name in ("a.parquet", "a.xlsx"):
        reading = read(tmp_path / name)
        assert [(d.text, d.customer_id) for d in reading.documents] == [("hello there", "7"), ("bye now", "8")]


def pdf(words: str) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    if words:
        canvas.drawString(72, 700, words)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def test_pdf_word_and_html(tmp_path: Path) -> None:
    import docx

    write(tmp_path, "a.pdf", pdf("The grinder is loud."))
    document = docx.Document()
    document.add_paragraph("The carafe broke.")
    document.add_paragraph("Twice.")
    document.save(str(tmp_path / "b.docx"))
    write(tmp_path, "c.html", "<body><nav>menu</nav><p>I <b>love</b> it &amp; more.</p><script>x()</script><p>Yes</p>")
    assert texts(read(tmp_path)) == ["The grinder is loud.", "The carafe broke.\nTwice.", "I love it & more.\nYes"]


def test_a_pdf_without_text_is_an_error_alone_and_quarantined_among_others(tmp_path: Path) -> None:
    scanned = write(tmp_path, "scan.pdf", pdf(""))
    with pytest.raises(InputError, match="PDF without text"):
        read(scanned)
    write(tmp_path, "note.txt", "The lid leaks.")
    reading = read(tmp_path)
    assert texts(reading) == ["The lid leaks."]
    assert [(entry.document_id, entry.reason) for entry in reading.quarantined] == [("scan.pdf", "unreadable")]
    assert reading.inputs == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\xef\xbb\xbf \n", "is empty"),
        ("a.csv", b"id,text\n", "no rows"),
        ("a.csv", b"id,text\n1,\n2,-\n", "none of the 2 inputs"),
        ("a.csv", b"\x89PNG\r\n\x1a\n123", "PNG image"),
        ("a.txt", bytes(range(256)) * 20, "not a text file"),
        ("a.json", b'{"a": ', "not valid JSON"),
        ("a.jsonl", b"not json\n", "no line is a JSON object"),
        ("a.parquet", b"PAR1 nothing", "not a readable Parquet"),
        ("a.xlsx", b"nothing", "not a readable Excel"),
        ("a.pdf", b"nothing", "not a readable PDF"),
        ("a.docx", b"nothing", "not a readable Word"),
        ("orders.csv", b"order_id,amount\n1,5\n", "no column holds customer text"),
    ],
)
def test_bad_files_say_what_where_and_how_to_mend_it(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert name in caught.value.where
    assert caught.value.mend


def test_random_bytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a text file"):
        read(write(tmp_path, "a.txt", random.Random(1).randbytes(20_000)))


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "reviews.csv", "text\nhi there\n")
    with pytest.raises(InputError, match="does not exist") as caught:
        read(tmp_path / "reviws.csv")
    assert "reviews.csv" in caught.value.mend


def test_a_missing_column_names_the_ones_there_and_the_nearest(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "id,body\n1,hi there\n")
    with pytest.raises(InputError, match="'bodi'") as caught:
        read(path, options=ReadOptions(text="bodi"))
    assert "'id', 'body'" in caught.value.where
    assert "did you mean 'body'?" in caught.value.mend


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.jsonl"])
def test_one_endless_line_ends_in_a_message(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        read(write(tmp_path, name, b"a," * 6_000_000))


def test_a_document_that_is_too_long_tells_to_split_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"2,399,999 characters.*the limit is 2,000,000") as caught:
        read(write(tmp_path, "a.txt", b"the grinder is loud " * 120_000))
    assert "split what is too long" in caught.value.mend


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16", "utf-8-sig"])
def test_chinese_encodings_are_found(tmp_path: Path, encoding: str) -> None:
    told = Told()
    text = "這家店的服務很好，我們還會再來的。" if encoding == "big5" else "味道很好，服务也不错，我们还会再来的。"
    header = "評論內容,用戶" if encoding == "big5" else "评论内容,用户"
    reading = read(write(tmp_path, "a.csv", f"{header}\n{text},小王\n".encode(encoding)), told=told)
    assert texts(reading) == [text]
    assert bool(told.warnings) == (encoding != "utf-8-sig")


def test_a_western_encoding_and_a_damaged_file_are_read_and_told(tmp_path: Path) -> None:
    told = Told()
    first = write(tmp_path, "a.txt", "Très déçu par le café, ça coûte cher".encode("cp1252"))
    second = write(tmp_path, "b.txt", "味道很好服务也不错我们还会再来".encode()[:-1])
    reading = read(first, second, told=told)
    assert texts(reading)[0] == "Très déçu par le café, ça coûte cher"
    assert texts(reading)[1].startswith("味道很好服务也不错")
    assert any("cp1252" in note for note in told.notes)


def test_folders_are_read_sorted_without_hidden_files_tables_of_numbers_and_results(tmp_path: Path) -> None:
    write(
        tmp_path,
        "b/interviews/anna.md",
        "customer: KB-012\n\nInterviewer: How?\nParticipant (KB-012): Slowly, by hand.",
    )
    write(tmp_path, "a.txt", "First text.")
    write(tmp_path, ".hidden.txt", "no")
    write(tmp_path, ".git/x.txt", "no")
    write(tmp_path, "README.md", "no")
    write(tmp_path, "orders.csv", "order_id,customer_id,amount\n1,KB-012,5\n2,KB-013,9\n")
    write(tmp_path, "customers.csv", "customer_id,plan\nKB-012,none\n")
    write(tmp_path, "personas-out/personas.json", '[{"text":"no"}]')
    write(tmp_path, "personas-out/manifest.json", "{}")
    told = Told()
    reading = read(tmp_path, told=told)
    assert [(d.source, d.document_id, d.customer_id) for d in reading.documents] == [
        ("a.txt", "a.txt", "a.txt"),
        ("b/interviews/anna.md", "anna.md", "KB-012"),
    ]
    interview = reading.documents[1]
    assert interview.kind == "interview"
    assert [interview.text[start:end] for start, end in interview.turns] == ["Slowly, by hand."]
    assert any("orders.csv" in note for note in told.notes)


def test_excluded_files_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "First text.")
    customers = write(tmp_path, "customers.csv", "customer_id,comment\n1,they wrote something here\n")
    assert len(read(tmp_path).documents) == 2
    assert texts(read(tmp_path, options=ReadOptions(exclude=(str(customers),)))) == ["First text."]


def test_stdin_is_looked_at(tmp_path: Path) -> None:
    def from_stdin(data: str) -> Reading:
        return read_documents(["-"], ReadOptions(), progress=Told(), stdin=data.encode())

    assert texts(from_stdin('{"text":"hello there"}\n{"text":"bye"}\n')) == ["hello there", "bye"]
    assert texts(from_stdin("text,user\nhello there,u1\n")) == ["hello there"]
    assert texts(from_stdin("I like it.\nI do not.\nWell.\n")) == ["I like it.", "I do not.", "Well."]
    assert texts(from_stdin("I like it, really")) == ["I like it, really"]
    assert list(from_stdin("words").files) == ["-"]


def test_conversations_keep_all_turns_and_mark_the_customers(tmp_path: Path) -> None:
    turns = [{"role": "agent", "text": "Hello"}, {"role": "customer", "text": "It leaks, call 555-867-5309"}]
    path = write(tmp_path, "chats.jsonl", json.dumps({"customer_id": "K1", "turns": turns}) + "\n")
    document = read(path).documents[0]
    assert document.text == "agent: Hello\ncustomer: It leaks, call [phone]"
    assert [document.text[start:end] for start, end in document.turns] == ["It leaks, call [phone]"]
    assert document.kind == "chat"


def test_chats_and_reviews_may_share_a_file(tmp_path: Path) -> None:
    chat = {"customer_id": "K1", "kind": "chat", "turns": [{"role": "customer", "text": "It leaks"}]}
    review = {"customer_id": "K2", "kind": "review", "rating": 5, "text": "Lovely machine"}
    empty = {"customer_id": "K3", "kind": "review", "rating": 1, "text": ""}
    reading = read(write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, (chat, review, empty)))))
    assert [(d.kind, d.text) for d in reading.documents] == [
        ("chat", "customer: It leaks"),
        ("review", "Lovely machine"),
    ]
    assert [entry.document_id for entry in reading.quarantined] == ["a.jsonl:3"]


def test_messages_in_rows_become_conversations(tmp_path: Path) -> None:
    rows = "conversation_id,role,message\nc1,agent,Hello\nc1,customer,My order is late\nc2,customer,Refund please\n"
    reading = read(write(tmp_path, "a.csv", rows))
    assert [(d.document_id, d.text) for d in reading.documents] == [
        ("c1", "agent: Hello\ncustomer: My order is late"),
        ("c2", "customer: Refund please"),
    ]


@pytest.mark.parametrize("labels", [("Agent", "Customer", ": "), ("客服", "用户", "：")])
def test_labelled_lines_are_conversations(tmp_path: Path, labels: tuple[str, str, str]) -> None:
    staff, customer, colon = labels
    text = f"{staff}{colon}hello\n{customer}{colon}it broke\nreally\n{staff}{colon}ok\n{customer}{colon}bye now"
    document = read(write(tmp_path, "a.txt", text)).documents[0]
    assert document.text == text
    assert [document.text[start:end] for start, end in document.turns] == ["it broke\nreally", "bye now"]


def test_wide_surveys_give_a_document_a_cell(tmp_path: Path) -> None:
    rows = "respondent,What annoys you?,What would help?\nr1,the app,less\nr2,,more coffee\nr3,,\n"
    reading = read(write(tmp_path, "survey.csv", rows))
    assert [(d.document_id, d.customer_id, d.question, d.text) for d in reading.documents] == [
        ("survey.csv:1:What annoys you?", "r1", "What annoys you?", "the app"),
        ("survey.csv:1:What would help?", "r1", "What would help?", "less"),
        ("survey.csv:2:What would help?", "r2", "What would help?", "more coffee"),
    ]
    assert [entry.document_id for entry in reading.quarantined] == ["survey.csv:3"]


def test_duplicates_are_merged_within_a_customer_and_ids_parted(tmp_path: Path) -> None:
    rows = "id,customer,text\n1,a,Great app\n1,b,Bad app\n2,a,great  app!\n3,c,Great app\n4,c,\n5,c,n/a\n"
    told = Told()
    reading = read(write(tmp_path, "a.csv", rows), told=told)
    assert [(d.document_id, d.customer_id, d.merged_ids) for d in reading.documents] == [
        ("1", "a", ("2",)),
        ("1#2", "b", ()),
        ("3", "c", ()),
    ]
    assert sorted(entry.reason for entry in reading.quarantined) == ["duplicate of same customer", "empty", "no words"]
    assert any("1#2" in warning for warning in told.warnings)


def test_personal_data_leaves_ids_and_metadata_too(tmp_path: Path) -> None:
    rows = "text,email,mobile\nhello there,a.b@example.com,13800138000\nbye now,a.b@example.com,13800138001\n"
    reading = read(write(tmp_path, "a.csv", rows))
    whole = repr(reading.documents)
    assert "example.com" not in whole
    assert "1380013" not in whole
    assert len({document.customer_id for document in reading.documents}) == 1


FIELD = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.sampled_from([
        "git",
        "n/a",
        "",
        "call 555-867-5309",
        "我的手机13800138000",
        "a@example.com",
        "Agent: x\nUser: y",
    ]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(FIELD, st.sampled_from("abc"), st.sampled_from("123")), min_size=1, max_size=12))
def test_nothing_is_lost_and_reading_twice_is_the_same(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    lines = [json.dumps({"text": text, "customer": customer, "id": name}) for text, customer, name in rows]
    path = write(tmp_path, "a.jsonl", "\n".join([*lines, '{"text":"always one good row","customer":"z","id":"z"}']))
    first, second = read(path), read(path)
    assert first.documents == second.documents
    assert len(first.documents) + len(first.quarantined) == first.inputs == len(rows) + 1
    ids = [document.document_id for document in first.documents]
    assert len(set(ids)) == len(ids)
    for document in first.documents:
        assert document.text == document.text.strip()
        assert all(0 <= start < end <= len(document.text) for start, end in document.turns)


@pytest.mark.skipif(not DATA.exists(), reason="the measuring data is not here")
@pytest.mark.parametrize(
    ("name", "documents", "customers", "languages"),
    [
        ("jupyter_ux2015/documents.jsonl", 8271, 956, {"en", "unknown", "other"}),
        ("banking77/train.csv", 10003, 10003, {"en", "unknown"}),
        ("zh_asap/dev.csv", 100, 100, {"zh"}),
        ("multidogo/conversations.jsonl", 3297, 3297, {"en", "unknown", "other"}),
        ("zh_crosswoz/dialogues.jsonl", 500, 60, {"zh"}),
    ],
)
def test_real_files_are_read_without_options(name: str, documents: int, customers: int, languages: set[str]) -> None:
    if not (DATA / name).exists():
        pytest.skip("this file is not here")
    reading = read(DATA / name)
    assert len(reading.documents) == documents
    assert len({document.customer_id for document in reading.documents}) == customers
    assert {document.language for document in reading.documents} <= languages
    assert any(document.question for document in reading.documents) == name.startswith("jupyter")
    assert any(document.turns for document in reading.documents) == ("dialogues" in name or "conversations" in name)
    assert any(document.rating for document in reading.documents) == name.startswith("zh_asap")
