"""The use cases: they do things in a safe order and leave the decisions to the domain."""
