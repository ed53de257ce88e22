"""Other people's Discord clients, driven against the sandbox: `python -m tests.foreign`."""
