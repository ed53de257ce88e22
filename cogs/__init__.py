"""What members see and press: thin modules that turn Discord's events into use cases."""

EXTENSIONS = (
    "cogs.errors",
    "cogs.video",
    "cogs.storyboard",
    "cogs.animate",
    "cogs.models",
    "cogs.jobs",
    "cogs.show",
    "cogs.quota",
    "cogs.quota_admin",
    "cogs.settings",
)
