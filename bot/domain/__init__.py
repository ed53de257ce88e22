"""The decisions: frozen records and functions of their arguments. No input or output, no clock."""
