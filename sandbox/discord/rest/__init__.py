"""Discord's REST interface: one module per resource, thin handlers over the services."""
