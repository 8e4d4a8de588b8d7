"""What goes elsewhere and comes from there: vectors, packs of images, static sites."""
