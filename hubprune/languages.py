"""Languages: one code for each, whatever spelling the user or a data set has."""
