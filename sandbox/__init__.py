"""A local Discord, local video services and a chat page, for trying and testing a bot.

The sandbox is a product of its own: it is built from the services' documents and knows no bot.
"""
