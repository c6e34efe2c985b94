from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_kit.errors import InputError, PersonaKitError, PrivacyError, UsageError
from persona_kit.settings import config_path, option_name, resolve_settings, variable_name
from personas.options import FLAGS_ONLY, GenerateOptions, is_hosted_embedder, is_hosted_engine, resolve_options


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


@given(flag=st.booleans(), environment=st.booleans(), configured=st.booleans())
def test_flag_beats_environment_beats_config_beats_default(
    tmp_path_factory: pytest.TempPathFactory, flag: bool, environment: bool, configured: bool
) -> None:
    config = tmp_path_factory.mktemp("config") / "config.toml"
    config.write_text('llm = "llama-cpp"\n' if configured else "", encoding="utf-8")
    settings = resolve_options(
        {"llm": "extractive" if flag else None},
        environment={"PERSONAS_LLM": "llama-cpp:a.gguf"} if environment else {},
        config=config,
    )
    expected = [
        (flag, ("extractive", "flag", "--llm")),
        (environment, ("llama-cpp:a.gguf", "environment", "PERSONAS_LLM")),
        (configured, ("llama-cpp", "config.toml", str(config))),
        (True, ("auto", "default", "")),
    ]
    setting = settings.origin("llm")
    assert (settings.values.llm, setting.origin, setting.source) == next(value for given, value in expected if given)


def test_nothing_given_is_the_defaults(config: Path) -> None:
    settings = resolve_options({}, environment={}, config=config)
    assert settings.values == GenerateOptions()
    assert {setting.origin for setting in settings.settings} == {"default"}


def test_personas_home_sets_the_workspace(config: Path) -> None:
    config.write_text('workspace = "from-config"\n', encoding="utf-8")
    home = resolve_options({}, environment={"PERSONAS_HOME": "~/kept"}, config=config)
    assert home.values.workspace == Path("~/kept").expanduser()
    flag = resolve_options({"workspace": Path("here")}, environment={"PERSONAS_HOME": "/kept"}, config=config)
    assert flag.values.workspace == Path("here")


def test_numbers_are_read_from_text_and_from_toml(config: Path) -> None:
    config.write_text("segments = 5\nmin_people = 4\n", encoding="utf-8")
    values = resolve_options({}, environment={"PERSONAS_SEED": "7"}, config=config).values
    assert (values.segments, values.min_people, values.seed) == ("5", 4, 7)


def test_an_empty_variable_is_not_set(config: Path) -> None:
    assert resolve_options({}, environment={"PERSONAS_LLM": ""}, config=config).values.llm == "auto"


def test_unknown_config_keys_are_refused_with_the_known_ones(config: Path) -> None:
    config.write_text('lmm = "extractive"\nseed = 1\n', encoding="utf-8")
    with pytest.raises(InputError) as refused:
        resolve_options({}, environment={}, config=config)
    assert "lmm" in refused.value.what
    assert refused.value.where == str(config)
    for name in set(GenerateOptions.model_fields) - FLAGS_ONLY - {"schema_ref"}:
        assert name in refused.value.mend


@pytest.mark.parametrize("key", sorted(FLAGS_ONLY))
def test_what_destroys_or_gives_away_is_asked_for_each_time(config: Path, key: str) -> None:
    resolved = resolve_options({}, environment={f"PERSONAS_{key.upper()}": "true"}, config=config)
    assert getattr(resolved.values, key) == GenerateOptions.model_fields[key].get_default()
    assert resolved.unknown_variables == (f"PERSONAS_{key.upper()}",)
    config.write_text(f"{key} = true\n", encoding="utf-8")
    with pytest.raises(InputError, match=key):
        resolve_options({}, environment={}, config=config)


@pytest.mark.parametrize("content", [b"llm = ", b"\xff\xfe\x00", b"[segments\n"])
def test_a_broken_config_names_the_file(config: Path, content: bytes) -> None:
    config.write_bytes(content)
    with pytest.raises(InputError, match=r"config\.toml"):
        resolve_options({}, environment={}, config=config)


def test_every_misfit_is_named_with_its_origin(config: Path) -> None:
    config.write_text('redact = "none"\nsegments = "many"\n', encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        resolve_options({"min_people": 0}, environment={"PERSONAS_SEED": "x"}, config=config)
    for part in ("redact = 'none'", "segments = 'many'", "min_people = 0", "seed = 'x'"):
        assert part in refused.value.what
    for part in ("--min-people", "PERSONAS_SEED", str(config)):
        assert part in refused.value.where
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "", "²", "Auto", True])
def test_segments_is_auto_or_a_count(value: object, config: Path) -> None:
    with pytest.raises(UsageError, match="segments"):
        resolve_options({"segments": value}, environment={}, config=config)


def test_unknown_variables_are_reported(config: Path) -> None:
    resolved = resolve_options({}, environment={"PERSONAS_LMM": "x", "PERSONAS_HOME": "h", "PATH": "/"}, config=config)
    assert resolved.unknown_variables == ("PERSONAS_LMM",)


@pytest.mark.parametrize(("field", "spec"), [("llm", "openai:gpt"), ("embedder", "openai:emb")])
def test_a_hosted_engine_is_never_chosen_by_the_environment_alone(field: str, spec: str, config: Path) -> None:
    variable = variable_name(field)
    with pytest.raises(UsageError, match=variable):
        resolve_options({}, environment={variable: spec}, config=config)
    assert getattr(resolve_options({field: spec}, environment={}, config=config).values, field) == spec
    config.write_text(f'{field} = "{spec}"\n', encoding="utf-8")
    assert getattr(resolve_options({}, environment={}, config=config).values, field) == spec


def test_unredacted_text_to_another_machine_needs_a_second_option() -> None:
    with pytest.raises(PrivacyError, match="--allow-unredacted"):
        GenerateOptions(llm="openai:gpt", redact="off")
    with pytest.raises(PrivacyError, match="--embedder openai:e"):
        GenerateOptions(embedder="openai:e", redact="off")
    assert GenerateOptions(llm="openai:gpt", redact="off", allow_unredacted=True).redact == "off"
    assert GenerateOptions(llm="openai:gpt").redact == "standard"
    assert GenerateOptions(llm="llama-cpp", redact="off").hosted == ()
    assert GenerateOptions(llm="openai:m", base_url="http://127.0.0.1:8000/v1", redact="off").hosted == ()


@pytest.mark.parametrize(
    ("base_url", "hosted"),
    [
        (None, True),
        ("http://localhost:8000/v1", False),
        ("http://[::1]:8000", False),
        ("http://127.0.0.9", False),
        ("http://127.0.0.1.example.com", True),
        ("http://localhost.example.com", True),
        ("https://api.example.com/localhost", True),
        ("http://10.0.0.5:8000", True),
    ],
)
def test_only_a_loopback_address_is_this_machine(base_url: str | None, hosted: bool) -> None:
    assert is_hosted_engine("openai:m", base_url=base_url) is hosted
    assert is_hosted_embedder("openai:m", base_url=base_url) is hosted


@pytest.mark.parametrize("spec", ["extractive", "auto", "llama-cpp", "llama-cpp:a/b.gguf", "scripted"])
def test_local_engines_are_not_hosted(spec: str) -> None:
    assert not is_hosted_engine(spec)


@pytest.mark.parametrize("address", ["localhost:8000", "ftp://host", "http://", "http://[bad"])
def test_a_base_url_is_an_http_address(address: str, config: Path) -> None:
    with pytest.raises(UsageError, match="base_url"):
        resolve_options({"base_url": address}, environment={}, config=config)


def test_the_real_environment_and_config_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    config_path().parent.mkdir(parents=True)
    config_path().write_text('schema = "mine.toml"\n', encoding="utf-8")
    monkeypatch.setenv("PERSONAS_TITLE", "Ours")
    values = resolve_settings(GenerateOptions, {}, flags_only=FLAGS_ONLY).values
    assert (values.schema_ref, values.title) == ("mine.toml", "Ours")


def test_names_of_twins() -> None:
    assert (option_name("base_url"), variable_name("base_url")) == ("--base-url", "PERSONAS_BASE_URL")
    assert (option_name("schema_ref"), variable_name("schema_ref")) == ("--schema", "PERSONAS_SCHEMA")
    assert variable_name("workspace") == "PERSONAS_HOME"


def test_every_refusal_says_how_to_mend_it(config: Path) -> None:
    for flags in ({"seed": -1}, {"redact": "x"}, {"redact": "off", "llm": "openai:m"}):
        with pytest.raises(PersonaKitError) as refused:
            resolve_options(flags, environment={}, config=config)
        assert refused.value.mend
