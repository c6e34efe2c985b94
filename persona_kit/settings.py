"""Where each setting comes from: flag, then environment, then config.toml, then default."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from persona_kit.errors import InputError, UsageError

PREFIX = "PERSONAS_"
"""Every option has a twin in the environment: `--base-url` is `PERSONAS_BASE_URL`."""

VARIABLES = {"workspace": "PERSONAS_HOME"}
"""The options whose variable is not their own name with the prefix."""

KEYS = {"schema_ref": "schema"}
"""The fields that the user knows by another name (`schema` is taken by Pydantic)."""

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One value and where it comes from."""

    name: str
    value: object
    """As given; `Settings.values` holds it parsed."""
    origin: str
    """`flag`, `environment`, `config.toml` or `default`."""
    source: str
    """The flag, the variable or the file, as the user knows it; empty for a default."""


@dataclass(frozen=True, kw_only=True)
class Settings(Generic[ModelT]):
    """The settings of one call, each with its origin."""

    values: ModelT
    settings: tuple[Setting, ...]
    """In the order of the model's fields."""
    unknown_variables: tuple[str, ...]
    """`PERSONAS_*` variables that are set and mean nothing; often a typing error."""

    def origin(self, name: str) -> Setting:
        """The setting of that name.

        Raises:
            KeyError: when there is none.
        """
        return {setting.name: setting for setting in self.settings}[name]


def config_path() -> Path:
    """Where the user's config.toml is looked for; the file need not exist."""
    from platformdirs import user_config_path

    return user_config_path("personas", appauthor=False) / "config.toml"


def variable_name(name: str) -> str:
    """The environment variable of an option: `PERSONAS_BASE_URL` for `base_url`."""
    return VARIABLES.get(name, PREFIX + key_name(name).upper())


def option_name(name: str) -> str:
    """The flag of an option: `--base-url` for `base_url`."""
    return "--" + key_name(name).replace("_", "-")


def key_name(name: str) -> str:
    """The key of an option in config.toml: `base_url` for `base_url`."""
    return KEYS.get(name, name)


def resolve_settings(
    model: type[ModelT],
    flags: Mapping[str, object],
    *,
    flags_only: frozenset[str] = frozenset(),
    environment: Mapping[str, str] | None = None,
    config: Path | None = None,
) -> Settings[ModelT]:
    """The model filled from flags, environment, config.toml and defaults, in this order of precedence.

    Args:
        model: the record to fill; its field names are the option names.
        flags: what was given on the command line; None stands for not given.
        flags_only: fields that the environment and config.toml cannot set.
        environment: `os.environ` where None.
        config: the user's own config.toml where None.

    Raises:
        UsageError: when a value does not fit, naming every such value and where it comes from.
        InputError: when config.toml cannot be read, or holds a key that is not a setting.
    """
    environment = os.environ if environment is None else environment
    config = config_path() if config is None else config
    known = [name for name in model.model_fields if name not in flags_only]
    configured = _read_config(config, [key_name(name) for name in known])
    settings = []
    for name, field in model.model_fields.items():
        variable = variable_name(name)
        if flags.get(name) is not None:
            setting = Setting(name=name, value=flags[name], origin="flag", source=option_name(name))
        elif name in known and environment.get(variable):
            setting = Setting(name=name, value=environment[variable], origin="environment", source=variable)
        elif key_name(name) in configured:
            setting = Setting(name=name, value=configured[key_name(name)], origin="config.toml", source=str(config))
        else:
            setting = Setting(name=name, value=field.get_default(), origin="default", source="")
        settings.append(setting)
    meant = {variable_name(name) for name in known}
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in meant)
    return Settings(values=_fill(model, settings), settings=tuple(settings), unknown_variables=tuple(unknown))


def _read_config(path: Path, known: list[str]) -> dict[str, object]:
    try:
        configured = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"cannot read config.toml: {error}", where=str(path), mend="correct the file, or move it away"
        ) from error
    unknown = sorted(set(configured) - set(known))
    if unknown:
        raise InputError(
            f"config.toml holds keys that are not settings: {', '.join(unknown)}",
            where=str(path),
            mend=f"remove or rename them; the settings are {', '.join(sorted(known))}",
        )
    return configured


def _fill(model: type[ModelT], settings: list[Setting]) -> ModelT:
    given = {setting.name: setting for setting in settings if setting.origin != "default"}
    try:
        return model.model_validate({name: setting.value for name, setting in given.items()})
    except ValidationError as error:
        problems, places = [], []
        for detail in error.errors(include_url=False):
            setting = given[str(detail["loc"][0])]  # every rule of a settings model belongs to one field
            problems.append(
                f"{key_name(setting.name)} = {setting.value!r}: {detail['msg'].removeprefix('Value error, ')}"
            )
            places.append(setting.source)
        raise UsageError(
            f"a setting does not fit: {'; '.join(problems)}",
            where=", ".join(dict.fromkeys(places)),
            mend="`--help` after the command lists what each option takes",
        ) from error


def tell_settings(settings: Settings[ModelT], *, without: Collection[str]) -> list[dict[str, Any]]:
    """Each setting as `name`, `variable`, `value`, `origin` and `source`, but for those `without`."""
    values = settings.values.model_dump(mode="json")
    return [
        {
            "name": key_name(setting.name),
            "variable": variable_name(setting.name),
            "value": values[setting.name],
            "origin": setting.origin,
            "source": setting.source,
        }
        for setting in settings.settings
        if setting.name not in without
    ]
