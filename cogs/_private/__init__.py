"""What several cogs share. Not extensions."""
