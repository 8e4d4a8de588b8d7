"""Tables before any image is looked at: written, cleaned, split."""
