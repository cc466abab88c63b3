"""What AWS invokes: one small module per endpoint, and the functions that are no endpoint."""
