"""A local Discord, local video services and a chat page, for trying and testing a bot.

A product of its own, built from the services' documents: it imports nothing of the bot, and no Discord
library. Read `app.py` first, then `discord/local_discord.py`.
"""

import sys

if sys.platform == "win32":
    # asyncio has no signal handlers there, and the bot beside it cannot be started either
    sys.stderr.write("The sandbox runs on Linux, macOS or WSL: on Windows, start it inside WSL.\n")
    sys.exit(2)
