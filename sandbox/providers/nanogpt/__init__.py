"""A local NanoGPT, built from its documents: submit, status, recovery, models, balance."""
