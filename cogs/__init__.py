"""What members see and press: thin modules that turn Discord's events into use cases."""

EXTENSIONS = (
    "cogs.errors",
    "cogs.video",
    "cogs.create",
    "cogs.preset",
    "cogs.storyboard",
    "cogs.animate",
    "cogs.models",
    "cogs.jobs",
    "cogs.actions.buttons",
    "cogs.actions.frames",
    "cogs.actions.remix",
    "cogs.actions.shots",
    "cogs.actions.menus",
    "cogs.actions.improving",
    "cogs.show",
    "cogs.quota",
    "cogs.quota_admin",
    "cogs.settings",
    "cogs.moderation.commands",
    "cogs.privacy.choices",
)
