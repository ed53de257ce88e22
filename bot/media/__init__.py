"""Pictures and films as files, and the guarded download of what members and services name."""
