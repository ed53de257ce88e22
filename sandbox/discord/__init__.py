"""A local Discord: gateway, REST interface and CDN, with the rules that Discord enforces."""
