"""The providers of the settings: one that cannot be made keeps no other from working."""

from dataclasses import replace
from typing import Any, cast

import pytest

from bot.ids import ProviderName
from bot.providers import registry
from bot.providers.registry import PROVIDERS, label_of, make_providers
from bot.providers.spec import Connections

NO_CONNECTIONS = cast(Connections, None)
NAMES = [spec.name for spec in PROVIDERS]
SETTINGS = {spec.name: spec.settings(api_key="key") for spec in PROVIDERS}


def refuse(_settings, _connections):
    msg = "its specification cannot be read"
    raise ValueError(msg)


def stand_in(_settings, _connections) -> Any:
    return object()


@pytest.mark.parametrize("broken", NAMES)
def test_a_provider_that_cannot_be_made_is_left_out_and_said(monkeypatch, caplog, broken):
    specs = [replace(spec, make=refuse if spec.name == broken else stand_in) for spec in PROVIDERS]
    monkeypatch.setattr(registry, "PROVIDERS", tuple(specs))

    made = make_providers(SETTINGS, NO_CONNECTIONS)

    assert set(made) == set(NAMES) - {broken}
    [line] = caplog.records
    assert (line.message, line.provider) == ("provider_cannot_be_set_up", broken)
    assert "its specification" in str(line.exc_info[1])


def test_no_settings_make_no_provider(caplog):
    assert make_providers({}, NO_CONNECTIONS) == {}
    assert caplog.records == []


def test_a_provider_that_was_removed_is_called_by_its_name():
    names = [*NAMES, ProviderName("gone")]

    assert [label_of(name) for name in names] == ["NanoGPT", "NanoPhoto", "gone"]
