"""Owns how events of actors, plugins, system configuration and user preferences become rows."""

from __future__ import annotations

from collections.abc import Iterator

from pjai_wire.events import v1
from pjai_wire.tables import plugins, system_config, user_preferences
from pjaid.store.materializers.registry import Read, materializes
from pjaid.store.requirements import exists
from pjaid.store.writes import Write, delete, given, put, update


@materializes(v1.ActorRefused)
def actor_refused(_event: v1.ActorRefused, _read: Read) -> Iterator[Write]:
    """It is for the audit trail alone."""
    yield from ()


@materializes(v1.EmbedderReturned)
def embedder_returned(_event: v1.EmbedderReturned, _read: Read) -> Iterator[Write]:
    """It moves the seq, for watched searches that find something else from now on."""
    yield from ()


@materializes(v1.PluginInstalled)
def plugin_installed(event: v1.PluginInstalled, _read: Read) -> Iterator[Write]:
    """Another version replaces the one installed, and keeps its age."""
    yield put(plugins, {"installed_at": event.at}, **given(event), updated_at=event.at)


@materializes(v1.PluginEnabled, exists(plugins))
def plugin_enabled(event: v1.PluginEnabled, _read: Read) -> Iterator[Write]:
    """The plugin is on."""
    yield update(plugins.where(id=event.id), is_enabled=True, updated_at=event.at)


@materializes(v1.PluginDisabled, exists(plugins))
def plugin_disabled(event: v1.PluginDisabled, _read: Read) -> Iterator[Write]:
    """The plugin is off."""
    yield update(plugins.where(id=event.id), is_enabled=False, updated_at=event.at)


@materializes(v1.PluginRemoved, exists(plugins))
def plugin_removed(event: v1.PluginRemoved, _read: Read) -> Iterator[Write]:
    """The row goes."""
    yield delete(plugins.where(id=event.id))


@materializes(v1.SystemConfigSet)
def system_config_set(event: v1.SystemConfigSet, _read: Read) -> Iterator[Write]:
    """The last value counts."""
    yield put(system_config, **given(event), updated_at=event.at)


@materializes(v1.SystemConfigRemoved, exists(system_config))
def system_config_removed(event: v1.SystemConfigRemoved, _read: Read) -> Iterator[Write]:
    """The row goes."""
    yield delete(system_config.where(id=event.id))


@materializes(v1.UserPreferenceSet)
def user_preference_set(event: v1.UserPreferenceSet, _read: Read) -> Iterator[Write]:
    """The last value counts."""
    yield put(user_preferences, **given(event), updated_at=event.at)


@materializes(v1.UserPreferenceRemoved, exists(user_preferences))
def user_preference_removed(event: v1.UserPreferenceRemoved, _read: Read) -> Iterator[Write]:
    """The row goes."""
    yield delete(user_preferences.where(id=event.id))
