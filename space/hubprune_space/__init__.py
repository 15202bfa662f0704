"""The Space: layout and words around the package. Everything that prunes, measures or publishes is in `hubprune`."""
