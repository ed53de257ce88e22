"""From the domain to words, cards and files; and the courier that brings them to Discord."""
