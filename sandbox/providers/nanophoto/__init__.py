"""A local NanoPhoto.AI, its Veo 3.1 part, built from its documents: generate and check-status."""
