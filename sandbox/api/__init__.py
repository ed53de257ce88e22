"""The interface for whoever plays the people: `/sandbox/api`."""
