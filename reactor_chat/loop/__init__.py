"""A generic event loop: descriptors, deadlines and signals. It knows no bytes and no chat."""
