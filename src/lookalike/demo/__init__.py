"""The demo: a catalogue of garments drawn on the spot, and a walk through it."""
