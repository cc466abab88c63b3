"""Models: the port, the catalogue that maps names to providers, and one module per provider."""
