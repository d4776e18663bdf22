"""Small servers, for tests, demos and trying things out."""
