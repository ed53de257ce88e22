"""Showreel: a self-hosted Discord bot with which a community makes AI videos together."""
