"""What several cogs share: reading what a member gave, asking the services, answering. No extensions.

May import what cogs may: services, presentation and the records of the core. Read `asking.py` first.
"""
