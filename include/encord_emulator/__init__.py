"""A local Encord for tests and demos; README.md tells what it does, and at its end where things are."""
