"""The video services. A vendor's words, errors and numbers stop in its module."""
