"""Local versions of the video services, as treacherous as the real ones."""
