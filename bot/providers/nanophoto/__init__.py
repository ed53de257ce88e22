"""NanoPhoto.AI's Veo 3.1: shots of eight seconds, paid in credits."""
