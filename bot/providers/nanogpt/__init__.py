"""NanoGPT: about 175 models behind one API, billed in dollars."""
