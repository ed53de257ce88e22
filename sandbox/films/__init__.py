"""Real films for the sandbox: H.264 in MP4, drawn from a prompt or from a picture."""
